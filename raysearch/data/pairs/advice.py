"""What should a person know about prepared pairs before trusting what is measured on them?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
    """Return how many pairs of the other splits have been trained on."""
    seen = set(parts["train"])
    sources = {pair.source for pair in seen}
    notes = []
    for part in ("validation", "test"):
        n_pairs = sum(pair in seen for pair in parts[part])
        n_sources = sum(pair.source in sources for pair in parts[part]) - n_pairs
        if n_pairs:
            notes.append(
                f"{n_pairs} of {len(parts[part])} {part} pairs are in the training split too. Take "
                "copies out of the file unless they are meant."
            )
        if n_sources:
            notes.append(
                f"{n_sources} of {len(parts[part])} {part} pairs have a source that is in the "
                "training split too, with another target."
            )
    return notes
