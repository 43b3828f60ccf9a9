"""All reads of the year's work, by page."""
