"""Which search methods are there? The table from short name to class; one method per file."""

from __future__ import annotations

from raysearch.randomness import generator
from raysearch.searchers.base import EXHAUSTED, WAIT, NoSuggestion, Recommending, Searcher

SEARCHERS = {
    "annealing": "raysearch.searchers.annealing:Annealing",
    "auto": "raysearch.searchers.auto:Auto",
    "bayesian": "raysearch.searchers.bayesian:Bayesian",
    "cmaes": "raysearch.searchers.cmaes:CmaEs",
    "cross_entropy": "raysearch.searchers.cross_entropy:CrossEntropy",
    "evolution": "raysearch.searchers.evolution:Evolution",
    "genetic": "raysearch.searchers.genetic:Genetic",
    "grid": "raysearch.searchers.grid:Grid",
    "hyperopt": "raysearch.searchers.hyperopt:HyperOpt",
    "local_search": "raysearch.searchers.local_search:LocalSearch",
    "neat": "raysearch.searchers.neat:Neat",
    "nsga2": "raysearch.searchers.nsga2:Nsga2",
    "random": "raysearch.searchers.random:Random",
    "tpe": "raysearch.searchers.tpe:TPE",
}
"""Name in an experiment file -> class. Loading the class must not load torch or Ray."""

__all__ = [
    "EXHAUSTED",
    "SEARCHERS",
    "WAIT",
    "NoSuggestion",
    "Recommending",
    "Searcher",
    "generator",
]
