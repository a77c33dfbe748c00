"""Networks made fast for inference."""
