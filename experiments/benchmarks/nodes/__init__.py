"""Parts of `nodes.py`: a cluster whose trials sleep, and what is read off their notes."""
