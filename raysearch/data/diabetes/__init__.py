"""Ten numbers about each of 442 diabetes patients, for regression; from scikit-learn."""
