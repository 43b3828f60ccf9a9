"""Plain typed functions that build what a test starts from, walking the real commands."""
