"""A run: the loop together with the disk, the clock and signals."""
