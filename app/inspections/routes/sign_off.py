"""(pages follow)"""
