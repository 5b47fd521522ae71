"""Densities of images of three kinds: autoregressive, normalising flow, diffusion."""
