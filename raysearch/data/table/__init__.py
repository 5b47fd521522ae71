"""A table of one's own, CSV, Parquet or JSON lines, with one column to be predicted from others."""
