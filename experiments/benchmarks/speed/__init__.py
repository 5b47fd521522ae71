"""What `speed.py` measures, each in its own module; `plan` says what all of them train."""

THREADS = "threads of torch:"
"""Begins the line in which a worker says with how many it trains."""
