"""Tables and figures become sentences, the page, and files for other programs."""
