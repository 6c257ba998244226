"""Trials are run here: which, where, and the one training loop."""
