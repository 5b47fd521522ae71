"""Recurrent encoders and decoders with attention, for targets that are sequences of symbols."""
