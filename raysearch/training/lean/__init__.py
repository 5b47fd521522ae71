"""How is a fit of Lightning's made faster without changing anything of it?

The Trainer serves every module. Where nobody could tell the difference, the lean loop serves its
batches: weights, metrics, logs and checkpoints are equal bit by bit, and a step costs little more
than its arithmetic.
"""

from __future__ import annotations

from raysearch.training.lean.serving import serve, why_not_lean

__all__ = ["serve", "why_not_lean"]
