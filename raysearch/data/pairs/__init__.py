"""Pairs of a source and a target sequence from a file: translations, spellings, commands."""
