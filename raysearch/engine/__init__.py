"""What is known about a search, and what happens next?

`SearchState` is the fold of a journal; `Engine` writes the journal, asks searcher and scheduler,
and keeps budgets. Both are free of Ray and of clocks: real and simulated searches share them.
"""

from __future__ import annotations

from raysearch.engine.engine import Engine
from raysearch.engine.plan import Plan
from raysearch.engine.state import SearchState, fold

__all__ = ["Engine", "Plan", "SearchState", "fold"]
