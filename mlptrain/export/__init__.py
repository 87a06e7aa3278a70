"""A trained model for others: as a Python file, as ONNX, with a card that says what it is."""
