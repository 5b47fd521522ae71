"""Which search methods are there? The table from short name to class; one method per file."""

from __future__ import annotations

from raysearch.randomness import generator
from raysearch.searchers.base import EXHAUSTED, WAIT, NoSuggestion, Searcher

SEARCHERS = {
    "annealing": "raysearch.searchers.annealing:Annealing",
    "cross_entropy": "raysearch.searchers.cross_entropy:CrossEntropy",
    "evolution": "raysearch.searchers.evolution:Evolution",
    "genetic": "raysearch.searchers.genetic:Genetic",
    "grid": "raysearch.searchers.grid:Grid",
    "hyperopt": "raysearch.searchers.hyperopt:HyperOpt",
    "local_search": "raysearch.searchers.local_search:LocalSearch",
    "neat": "raysearch.searchers.neat:Neat",
    "random": "raysearch.searchers.random:Random",
}
"""Name in an experiment file -> class. Loading the class must not load torch or Ray."""

__all__ = ["EXHAUSTED", "SEARCHERS", "WAIT", "NoSuggestion", "Searcher", "generator"]
