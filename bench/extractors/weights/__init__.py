"""The weights of the extractors that come with the package, and the script that trained them."""
