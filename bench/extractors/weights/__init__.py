"""The feature extractors that come with the package, and the script that trained them."""
