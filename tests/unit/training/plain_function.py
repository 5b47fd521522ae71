"""A function that trains by itself, in a module without torch."""

from __future__ import annotations


def learn(config, report):
    """Report once."""
    report({"val/loss": 1.0 / config["width"]})
