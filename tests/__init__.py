"""The tests: by kind, on real databases, always with the same people (`people.py`)."""
