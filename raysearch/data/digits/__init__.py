"""Scans of handwritten digits: 1,797 images of 8 by 8 pixels in ten classes, from scikit-learn."""
