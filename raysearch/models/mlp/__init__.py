"""Multilayer perceptrons, plain or with residual or dense connections, for any shape."""
