"""The helpers that the chapters share. Nothing is imported here: NumPy chapters need not wait for TensorFlow."""
