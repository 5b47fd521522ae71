"""A table of one's own, a CSV or Parquet file, with one column to be predicted from the others."""
