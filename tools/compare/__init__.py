"""Runs side by side: figures, differences of configuration, curves, samples."""
