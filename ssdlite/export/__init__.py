"""Export of the detector for other engines, and the predictor of exported files."""
