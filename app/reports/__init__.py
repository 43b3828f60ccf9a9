"""Documents people take away: results as PDF and Excel, of one sheet, of a campaign, and many at once."""
