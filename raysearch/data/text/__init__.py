"""Texts of one's own: a table, or JSON lines, with a column of texts and one to be predicted."""
