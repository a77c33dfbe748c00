"""Things that stand and move in a street."""
