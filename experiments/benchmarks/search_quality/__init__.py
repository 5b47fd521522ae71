"""What `search_quality.py` measures: tables, methods, one search, its cost, and the summary."""
