"""What a Ray cluster costs the driver, measured; and a thousand trials on many workers, simulated.

`python -m tests.cluster` simulates anew from what was measured; with --measure it measures first,
which takes some minutes and wants Ray.
"""
