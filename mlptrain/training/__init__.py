"""The loop, what it needs, and what it leaves behind."""
