"""Time series of one's own, from .npz, .csv, .ts or Parquet: classes, numbers or forecasts."""
