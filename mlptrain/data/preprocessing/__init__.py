"""What is learned of the columns in training, and what turns any rows into X and y."""
