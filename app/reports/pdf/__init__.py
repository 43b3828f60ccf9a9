"""PDF documents: fonts, Japanese typesetting, charts, pages, and one module for each document."""
