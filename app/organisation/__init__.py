"""Units by date: who existed, under which name and where in the tree, on any day."""
