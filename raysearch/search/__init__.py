"""How is a search described, run, resumed and extended, from Python?"""

from __future__ import annotations

from raysearch.search.search import Search

__all__ = ["Search"]
