"""What is each built-in data set given in the contract tests, and what is to be expected of it?

Whoever adds a data set adds a case here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from raysearch.data.diabetes.space import N_EXAMPLES as N_DIABETES
from raysearch.data.digits.space import N_EXAMPLES as N_DIGITS
from tests.dirty_table import dirty_rows, write_dirty_table
from tests.pictures import write_folders
from tests.waves import write_waves


@dataclass(frozen=True, kw_only=True)
class Case:
    """One data set."""

    n_examples: int | None
    """In all splits together; None where they are published, which tests of its own count."""
    given: Callable[[Path], Mapping[str, Any]] = lambda folder: {}
    """Writes the files that it reads into a folder, and returns the arguments without a default."""
    seed: str = "seed"
    """The argument that governs its split."""
    learns: bool = False
    """Whether its examples depend on which of them are for training."""
    has_copies: bool = False
    """Whether two of its examples may be the same."""
    unvaried: Mapping[str, Any] = field(default_factory=dict)
    """Arguments with which training examples come as they are."""
    reads: tuple[str, ...] = ()
    """What its `space` loads to read a file."""


def _table(folder):
    return {"path": str(write_dirty_table(folder / "customers.csv", n_rows=300)), "target": "churn"}


PAIRS = [
    (" ".join("abcdefg"[n % 7] * (1 + n % 3)), " ".join(str(digit) for digit in str(n)))
    for n in range(300)
]
"""Rows of a file of pairs: letters, to be answered with digits."""


def _pairs(folder):
    path = folder / "pairs.tsv"
    path.write_text("".join(f"{source}\t{target}\n" for source, target in PAIRS))
    return {"path": str(path)}


TREES = [f"({n % 3} (0 {'abcdefg'[n % 7]}) {' '.join('xy' * (1 + n // 7))})" for n in range(90)]
"""Lines of a file of trees, all different."""


def _trees(folder):
    path = folder / "trees.txt"
    path.write_text("".join(f"{line}\n" for line in TREES))
    return {"path": str(path)}


N_PICTURES = 60
"""Of each of two classes."""

N_TEXTS = 200


def _texts(folder):
    path = folder / "texts.tsv"
    lines = [f"{['ham', 'spam'][n % 2]}\t{' '.join(str(n))} words" for n in range(N_TEXTS)]
    path.write_text("\n".join(["label\ttext", *lines]))
    return {"path": str(path), "text": "text", "target": "label"}


CASES = {
    "cbf": Case(n_examples=None),
    "diabetes": Case(n_examples=N_DIABETES, learns=True),
    "digits": Case(n_examples=N_DIGITS),
    "images": Case(
        n_examples=2 * N_PICTURES,
        given=lambda folder: {"path": str(write_folders(folder / "pictures", n=N_PICTURES))},
        seed="split_seed",
        unvaried={"crop": 0.0},
        reads=("pandas",),
    ),
    "listops": Case(n_examples=500, given=lambda folder: {"n_examples": 500, "max_length": 30}),
    "pairs": Case(n_examples=len(PAIRS), given=_pairs, seed="split_seed", learns=True),
    "scan": Case(n_examples=None),
    "scenes": Case(n_examples=300, given=lambda folder: {"n_examples": 300}),
    "series": Case(
        n_examples=90,
        given=lambda folder: {"path": write_waves(folder / "waves.ts", n_series=90)},
        seed="split_seed",
        learns=True,
    ),
    "table": Case(
        n_examples=sum(row["churn"] not in ("", "NA") for row in dirty_rows(300)),
        given=_table,
        seed="split_seed",
        learns=True,
        has_copies=True,
        reads=("pandas",),
    ),
    "text": Case(
        n_examples=N_TEXTS, given=_texts, seed="split_seed", learns=True, reads=("pandas",)
    ),
    "trees": Case(n_examples=len(TREES), given=_trees, seed="split_seed", learns=True),
}
"""Name of a data set -> what is to be expected of it."""
