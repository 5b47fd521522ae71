"""What should a person know about prepared trees before trusting what is measured on them?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

from raysearch.data.leaks import OF_FILES, joined, leak_note
from raysearch.data.trees.labels import Target
from raysearch.data.trees.reading import LabelledTree

_RARE_SHARE = 0.2
"""A smallest class with less than this, in proportion to an equal share, is worth a word."""

Parts = Mapping[str, Sequence[LabelledTree]]
"""Split -> its trees."""


def class_notes(parts: Parts, target: Target) -> list[str]:
    """Return what the splits say about the classes: which are missing, which are rare."""
    if target.task != "classification":
        return []
    counts = {part: Counter(tree.label for tree in trees) for part, trees in parts.items()}
    notes = []
    for part in ("validation", "test"):
        missing = [label for label in target.classes if not counts[part][label]]
        if missing:
            notes.append(
                f"No {part} tree has the label {', '.join(missing)}, so nothing is measured of it "
                "there. Choose another split_seed, or a larger share."
            )
    train, n_train = counts["train"], len(parts["train"])
    rarest = min(target.classes, key=lambda label: train[label])
    if train[rarest] < _RARE_SHARE * n_train / len(target.classes):
        notes.append(
            f"The classes are unbalanced: {rarest} has {train[rarest]} of {n_train} training "
            "trees. val/accuracy says little then; val/balanced_accuracy and val/f1 say more."
        )
    return notes


def unknown_notes(parts: Parts, known: Collection[str]) -> list[str]:
    """Return how many trees have symbols that a model cannot know."""
    notes = []
    for part, trees in parts.items():
        n = sum(not set(tree.symbols) <= set(known) for tree in trees)
        if n:
            notes.append(
                f"{n} of {len(trees)} {part} trees have symbols outside the vocabulary of the "
                "training split; these are unknown."
            )
    return notes


def leak_notes(parts: Parts) -> list[str]:
    """Return which trees of the other splits have been trained on."""
    trees, rows = joined(parts)
    keys = [(tree.symbols, tree.parents) for tree in trees]
    return [
        note
        for part in ("validation", "test")
        for note in leak_note(
            keys,
            rows,
            what="trees are the same",
            place=lambda row: trees[row].place,
            part=part,
            remedy=OF_FILES,
        )
    ]
