"""Convolutional networks of blocks, or of searched cells, for series, images and clips."""
