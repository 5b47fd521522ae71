"""What should a person know about prepared pairs before trusting what is measured on them?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from raysearch.data.leaks import OF_FILES, joined, told, twins
from raysearch.data.pairs.reading import Pair, PairsFile
from raysearch.data.pairs.vocabulary import Vocabulary


def left_out_notes(files: Mapping[str, PairsFile]) -> list[str]:
    """Return which pairs of the files, by argument, were dropped."""
    notes = []
    for name, file in files.items():
        for n, why in (
            (file.n_empty, "an empty side"),
            (file.n_too_long, "a side that is too long"),
        ):
            if n:
                notes.append(f"{n} pairs of {name} are left out: they have {why}.")
    return notes


def same_notes(train: Sequence[Pair]) -> list[str]:
    """Return whether all training pairs have one target, so that there is nothing to learn."""
    if len({pair.target for pair in train}) > 1:
        return []
    first = train[0]
    return [
        f"All {len(train)} training pairs have the target {' '.join(first.target)!r}, as "
        f"{first.place} has. There is nothing to learn."
    ]


def unknown_notes(
    parts: Mapping[str, Sequence[Pair]], *, source: Vocabulary, target: Vocabulary
) -> list[str]:
    """Return how many pairs have symbols that a model cannot know."""
    notes = []
    for part, pairs in parts.items():
        for role, vocabulary in (("source", source), ("target", target)):
            known = set(vocabulary.symbols)
            n = sum(not known.issuperset(getattr(pair, role)) for pair in pairs)
            if n:
                cost = "" if role == "source" else " No answer can be right there but as unknown."
                notes.append(
                    f"{n} of {len(pairs)} {part} pairs have a {role} with symbols outside the "
                    f"vocabulary of the training split.{cost}"
                )
    return notes


def leak_notes(parts: Mapping[str, Sequence[Pair]]) -> list[str]:
    """Return which pairs of the other splits have been trained on, or whose sources have."""
    pairs, rows = joined(parts)
    sources = [pair.source for pair in pairs]
    notes = []
    for part in ("validation", "test"):
        same = twins(pairs, rows, part=part, among="train")
        known = {row for row, _ in same}
        of_source = twins(sources, rows, part=part, among="train")
        other = [found for found in of_source if found[0] not in known]
        for found, what in (
            (same, "pairs are the same"),
            (other, "pairs have the same source, with another target,"),
        ):
            notes += told(
                found,
                n=len(parts[part]),
                what=what,
                place=lambda row: pairs[row].place,
                part=part,
                among="train",
                remedy=OF_FILES,
            )
    return notes
