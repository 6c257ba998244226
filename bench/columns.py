"""The tables of a results folder: their columns."""

CLOCK = ["images", "generator_steps", "discriminator_steps", "seconds"]
KEY = ["dataset", "model", "seed"]
CURVE_COLUMNS = [*KEY, *CLOCK, "metric", "value"]
PROTOCOL = ["features", "samples", "reference"]
EVALUATION_COLUMNS = [*CURVE_COLUMNS, *PROTOCOL]
TABLES = {"curves": CURVE_COLUMNS, "evaluations": EVALUATION_COLUMNS}
HISTOGRAM_COLUMNS = [*KEY, "images", "network", "low", "high", "share"]
OPTIONAL = {"histograms": HISTOGRAM_COLUMNS}  # tables that a whole trial may lack
EVENT_COLUMNS = [*KEY, "step", "images", "kind", "text"]
SCALE_COLUMNS = ["dataset", "level", "metric", "value", *PROTOCOL]
