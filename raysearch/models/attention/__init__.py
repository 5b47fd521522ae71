"""Transformers: encoders of sequences and images, and encoder-decoders (Vaswani et al., 2017)."""
