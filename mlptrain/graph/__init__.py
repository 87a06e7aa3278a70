"""The computational graph: nodes, wiring, and the plans that bind it to memory."""
