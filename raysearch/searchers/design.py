"""Which configurations should be tried before there is a model? A Latin hypercube.

Of n rows each parameter has one in every n-th of the chances that its prior gives, whatever the
other parameters are. Draws that know nothing of each other leave gaps, and two of ten mostly lie
where one would have done.

References:
    McKay, Beckman and Conover, "A Comparison of Three Methods for Selecting Values of Input
    Variables in the Analysis of Output from a Computer Code", Technometrics 1979, section 2.
"""

from __future__ import annotations

import numpy as np

from raysearch.searchers.vectors import Rows, Vectors


def latin_hypercube(vectors: Vectors, n: int, rng: np.random.Generator) -> Rows:
    """Return rows that are spread over every parameter of a space.

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
        >>> vectors = Vectors(Space({"width": Int(1, 4)}))
        >>> rows = latin_hypercube(vectors, 4, np.random.default_rng(0))
        >>> sorted(vectors.decode(row)["width"] for row in rows)
        [1, 2, 3, 4]
    """
    parts = np.tile(np.arange(n)[:, None], vectors.n_columns)
    return vectors.at_quantiles((rng.permuted(parts, axis=0) + rng.random(parts.shape)) / n)
