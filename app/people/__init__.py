"""People: postings by date, duties, functions, accounts and signing in."""
