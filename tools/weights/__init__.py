"""Files of weights: ours, PyTorch's, TensorFlow's and others'; never code."""
