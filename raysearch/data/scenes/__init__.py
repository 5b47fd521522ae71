"""Scenes of two to four handwritten digits with captions; made from scikit-learn's digits."""
