"""控え: the whole installation in one file, proved whole, and put back somewhere else."""
