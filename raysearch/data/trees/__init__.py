"""Bracketed expressions of one's own with a label, from a text, TSV or JSON lines file."""
