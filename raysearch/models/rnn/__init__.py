"""Recurrent networks (RNN, GRU, LSTM) for series of numbers and of tokens."""
