"""Convolutional networks of four kinds of blocks, for images."""
