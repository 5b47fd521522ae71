"""Which search methods are there? The table from short name to class; one method per file."""

from __future__ import annotations

from raysearch.randomness import generator
from raysearch.searchers.base import EXHAUSTED, WAIT, NoSuggestion, Searcher

SEARCHERS = {
    "grid": "raysearch.searchers.grid:Grid",
    "hyperopt": "raysearch.searchers.hyperopt:HyperOpt",
    "neat": "raysearch.searchers.neat:Neat",
    "random": "raysearch.searchers.random:Random",
}
"""Name in an experiment file -> class. Loading the class must not load torch or Ray."""

__all__ = ["EXHAUSTED", "SEARCHERS", "WAIT", "NoSuggestion", "Searcher", "generator"]
