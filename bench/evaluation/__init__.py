"""A trained model in, measured rows and pictures out."""
