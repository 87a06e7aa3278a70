"""From a checkpoint to scores, predictions and metrics."""
