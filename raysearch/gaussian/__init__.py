"""Gaussian processes over features, for searchers and schedulers alike: numbers in, numbers out."""
