"""What looks at a config, a table, a network or an expression without training a model."""
