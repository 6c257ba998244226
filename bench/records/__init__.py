"""The results folder on disk: where its files lie, how they are written and read."""
