"""What should a person know about texts before trusting what is measured on them?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from raysearch.data.leaks import leak_note
from raysearch.data.table.labelled import Labelled
from raysearch.data.text.preprocessing import TextPreprocessing
from raysearch.data_spec import UNKNOWN

_MANY_UNKNOWN = 0.2
"""Share of the validation split's symbols from which on unknown ones are worth a word."""

_MANY_CUT = 0.02


def advice_on(
    texts: Sequence[str],
    labelled: Labelled,
    preprocessing: TextPreprocessing,
    *,
    place: Callable[[int], str],
) -> list[str]:
    """Return what was chosen, what is lost by it, and which texts are in training and test.

    Two texts are the same if they differ at most in blanks, and in capital letters where these make
    no difference to the model.

    Args:
        texts: Those with a target.
        labelled: Their targets and splits.
        preprocessing: What was learnt from those for training.
        place: Names a text.
    """
    lower = preprocessing.vocabulary.lower
    keys = [" ".join((text.lower() if lower else text).split()) for text in texts]
    what = "texts are the same"
    return [
        *_length_notes(texts, labelled, preprocessing),
        *_unknown_notes(texts, labelled, preprocessing),
        *leak_note(keys, labelled.parts, what=what, place=place),
    ]


def _length_notes(
    texts: Sequence[str], labelled: Labelled, preprocessing: TextPreprocessing
) -> list[str]:
    vocabulary, kept = preprocessing.vocabulary, preprocessing.max_length
    lengths = [len(vocabulary.numbers(texts[row])) for row in labelled.parts["train"]]
    n_cut = sum(length > kept for length in lengths)
    if n_cut <= _MANY_CUT * len(lengths):
        return []
    return [
        f"{n_cut} of {len(lengths)} training texts are longer than {kept} {vocabulary.level}s (the "
        f"longest has {max(lengths)}), and only their {preprocessing.keep} is kept. To keep more: "
        "max_length."
    ]


def _unknown_notes(
    texts: Sequence[str], labelled: Labelled, preprocessing: TextPreprocessing
) -> list[str]:
    vocabulary = preprocessing.vocabulary
    numbers = [vocabulary.numbers(texts[row]) for row in labelled.parts["validation"]]
    n_unknown = sum(int((row == UNKNOWN).sum()) for row in numbers)
    n_symbols = sum(map(len, numbers))
    if n_unknown <= _MANY_UNKNOWN * n_symbols:
        return []
    share = round(100 * n_unknown / n_symbols)
    remedy = "Lower min_count or raise max_vocabulary"
    other = "" if vocabulary.level == "character" else ", or write `level: character`"
    return [
        f"{share} % of the {vocabulary.level}s in the validation split are not in the vocabulary "
        f"of {vocabulary.size}, so a model cannot tell them apart. {remedy}{other}."
    ]
