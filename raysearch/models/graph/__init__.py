"""Evolved feed-forward graphs of any topology, trained by gradient or only measured."""
