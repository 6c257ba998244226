"""Flags or a TOML file become contestants, and contestants become trials."""
