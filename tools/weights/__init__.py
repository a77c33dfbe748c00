"""Weights files: mnv3's, PyTorch's, TensorFlow's and other projects'; never executes code from them."""
