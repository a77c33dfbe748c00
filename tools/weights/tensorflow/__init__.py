"""Read TensorFlow's files of weights without TensorFlow."""
