"""Faster networks for inference."""
