"""What an exported Python file consists of: these files, joined, and the model as JSON behind them.

They need NumPy alone, and import nothing of this package but each other.
"""
