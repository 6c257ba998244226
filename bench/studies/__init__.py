"""Stand-alone experiments on why training fails: `bench probe NAME`."""
