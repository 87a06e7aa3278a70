"""The machine: threads, memory, and what a run ran on."""
