"""Figures of a results folder; `bench.plots.figures` lists them."""
