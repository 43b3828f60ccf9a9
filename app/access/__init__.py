"""One permission table for the whole house. Closed by default."""
