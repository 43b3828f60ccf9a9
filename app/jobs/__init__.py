"""Work that follows an act or a date: each opens its own transactions, like a route or a command line."""
