"""Parses and checks a call's arguments before Hydra sees them."""
