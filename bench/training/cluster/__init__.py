"""Trials on a Ray cluster: units as tasks, and their records on the way home."""
