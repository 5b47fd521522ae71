"""Which configurations should be tried before there is a model? A Latin hypercube of the middle.

Of n rows each parameter has one in every n-th of the chances that are drawn from, whatever the
other parameters are. Draws that know nothing of each other leave gaps, and two of ten mostly lie
where one would have done.

Of a number, and of other values in order, only the middle of the prior's chances is drawn from. Who
writes a range down takes care that the best value lies in it, and several numbers near an end at
once are mostly bad together. The ends are left to the model, which looks there soon enough, since
there it knows least. A parameter that others depend on is drawn from all its chances: it may be an
end that switches them on.

References:
    McKay, Beckman and Conover, "A Comparison of Three Methods for Selecting Values of Input
    Variables in the Analysis of Output from a Computer Code", Technometrics 1979, section 2.
"""

from __future__ import annotations

import numpy as np

from raysearch.searchers.vectors import Rows, Vectors

MIDDLE = 2 / 3
"""Share of a number's chances in which the rows lie.

On the six tables of experiments/benchmarks/search_quality.py that have numbers, the quarter of
configurations that lie nearest to the middle has a median regret of 0.1 to 0.9, the quarter
farthest from it one of 1.7 to 7.8.
"""


def latin_hypercube(vectors: Vectors, n: int, rng: np.random.Generator) -> Rows:
    """Return rows that are spread over every parameter, over the middle of those that have one.

    A parameter that is inactive in some rows has those places in them, too, so where it is active
    it is spread less evenly.

    Args:
        vectors: Of the space.
        n: How many rows, at least 1.
        rng: Governs all draws.

    Shapes:
        returns: (n, D)

    Example:
        >>> from raysearch.space import Int, Space
        >>> vectors = Vectors(Space({"width": Int(1, 6)}))
        >>> rows = latin_hypercube(vectors, 4, np.random.default_rng(0))
        >>> sorted(vectors.decode(row)["width"] for row in rows)
        [2, 3, 4, 5]
    """
    parts = np.tile(np.arange(n)[:, None], vectors.n_columns)
    quantiles = (rng.permuted(parts, axis=0) + rng.random(parts.shape)) / n
    inner = 0.5 + MIDDLE * (quantiles - 0.5)
    have_middle = vectors.are_ordered & ~vectors.are_parents
    return vectors.at_quantiles(np.where(have_middle, inner, quantiles))
