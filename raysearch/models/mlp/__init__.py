"""Multilayer perceptrons, plain or with shortcuts, for examples of any shape."""
