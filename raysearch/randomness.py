"""Which seed governs this draw?

One seed in the experiment governs a search. Every draw comes from a generator that is derived from
it for one purpose; nothing reads or moves the global generators of `random` and NumPy.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def generator(seed: int, *, role: str, number: int) -> np.random.Generator:
    """Return the generator that governs draw `number` of `role`, independent of all others.

    Args:
        seed: The search's seed, at least 0.
        role: What is drawn for, such as "searcher" or "bracket".
        number: Which draw of that role: mostly a trial's number, which is below 0 for a trial of an
            earlier run.

    Example:
        >>> a = generator(0, role="searcher", number=3).random()
        >>> b = generator(0, role="searcher", number=3).random()
        >>> a == b
        True
        >>> a == generator(0, role="bracket", number=3).random()
        False
    """
    import numpy as np  # here, since commands that draw nothing should not wait for it

    words = [seed, zlib.crc32(role.encode()), abs(number)]
    return np.random.default_rng(words if number >= 0 else [*words, 1])
