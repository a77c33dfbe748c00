"""Weights for RF2's narrow tail from those of the full network."""
