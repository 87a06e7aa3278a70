"""Why a model predicts what it predicts: which columns matter, how, and what each adds for one row."""
