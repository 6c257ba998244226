"""Metrics: tensors of features or classes in, a number out; one metric a file."""
