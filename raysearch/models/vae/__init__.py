"""Variational autoencoders of images, dense and convolutional."""
