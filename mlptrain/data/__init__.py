"""Where data come from, and how they become numbers for the network."""
