"""Scoring label maps as Cityscapes does, and showing the result."""
