"""A trained model for others: as Python, ONNX, JavaScript or C, with a card that says what it is."""
