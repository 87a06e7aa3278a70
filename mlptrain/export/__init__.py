"""A trained model for others: as a Python file, as ONNX, in JavaScript or C, with a card that says what it is."""
