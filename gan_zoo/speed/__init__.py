"""What is here for speed alone: without it, every model computes the same, only slower."""
