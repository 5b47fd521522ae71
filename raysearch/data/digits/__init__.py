"""1,797 scans of handwritten digits, 8 x 8 pixels in [0, 1], ten classes; scikit-learn's."""
