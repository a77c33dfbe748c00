"""Networks as ONNX files: built, described, checked, quantised, run."""
