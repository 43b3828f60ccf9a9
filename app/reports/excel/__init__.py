"""Workbooks from frozen reports: real cells, ready to print, and no text of anybody is ever a formula."""
