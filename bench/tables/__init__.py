"""Recorded rows become tables whose numbers may stand beside each other."""
