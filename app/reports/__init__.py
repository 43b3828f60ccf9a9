"""Documents people take away: the inspection result as PDF."""
