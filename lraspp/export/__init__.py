"""The segmenter as a file for other engines, and the predictor that reads it."""
