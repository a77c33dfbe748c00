"""How other projects name the same weights."""
