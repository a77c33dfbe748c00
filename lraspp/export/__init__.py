"""Export of the segmenter for other engines, and the predictor of exported files."""
