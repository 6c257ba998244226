"""Checks: of a model, of this machine, and of a trial that is trained again."""
