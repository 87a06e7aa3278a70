"""Searching for good settings: trials side by side on one journal, and what they show."""
