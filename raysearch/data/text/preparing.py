"""How do the arguments of an experiment become tokens and targets, once per node?

In this order: read the file, leave out texts without a symbol where that is wished, take those with
a target, split them, learn the vocabulary and the length from the training split, and apply both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from raysearch.counting import agreeing, counted
from raysearch.data.preparation import About, Preparation, Prepared
from raysearch.data.room import room_for
from raysearch.data.table.joining import Rows, column_faults, fingerprint_of, read_rows
from raysearch.data.table.labelled import Labelled, label
from raysearch.data.text.advice import advice_on
from raysearch.data.text.arguments import TextArguments
from raysearch.data.text.preprocessing import TextPreprocessing
from raysearch.data.text.vocabulary import Vocabulary, fit_vocabulary, symbols_of
from raysearch.data_spec import DataSpec
from raysearch.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from raysearch.data.archive import Arrays

_FORMAT = 5
"""Raised when the same file would now be prepared in another way."""

_TEXTS = 65_536
"""How many are turned into numbers at a time."""

_WHOLE = 0.98
"""Share of the training texts that are kept whole where no length is given."""

_LONGEST = {"word": 512, "byte": 1024, "character": 1024}
"""Symbols that are kept at most where no length is given."""


def _build(arguments: TextArguments) -> Prepared:
    """Return the arrays of the splits, and what is known about them."""
    import numpy as np

    rows = read_rows(arguments.as_table())
    named = ("text", "target", "split", "order_by", "group")
    faults = column_faults(list(rows.frame), {name: getattr(arguments, name) for name in named})
    if arguments.text == arguments.target:
        faults.append(f"target is {arguments.target}, and so is text. Choose another column.")
    if faults:
        raise ConfigurationError(faults)
    texts, good, notes = _texts(rows, arguments=arguments)
    told = rows.told()
    labelled = label(
        rows.frame.iloc[good].reset_index(drop=True),
        arguments=arguments.as_table(),
        told=None if told is None else told[good],
        place=lambda row: rows.place(int(good[row])),
    )
    used = good[labelled.rows]
    kept = [texts[row] for row in used]
    training = [kept[row] for row in labelled.parts["train"]]
    vocabulary = _vocabulary(training, arguments=arguments)
    max_length = _max_length(kept, training, vocabulary, arguments=arguments)
    preprocessing = TextPreprocessing(
        target=labelled.target,
        vocabulary=vocabulary,
        max_length=max_length,
        keep=arguments.keep,
    )
    allocate = room_for(
        8 * len(kept) * (max_length + 2),
        what=f"path is {arguments.path}, whose {len(kept)} texts of up to {max_length} symbols",
        remedy="Set max_length to fewer",
    )
    prepared: Arrays = dict(labelled.of_folds)
    for part, places in labelled.parts.items():
        inputs = allocate((len(places), max_length), np.int64)
        lengths = np.zeros(len(places), dtype=np.int64)
        for start in range(0, len(places), _TEXTS):
            some = slice(start, start + _TEXTS)
            inputs[some], lengths[some] = preprocessing.transform(
                [kept[row] for row in places[some]]
            )
        prepared[f"{part}_inputs"], prepared[f"{part}_lengths"] = inputs, lengths
        prepared[f"{part}_targets"] = labelled.targets[places]
    notes = [*rows.notes, *notes, *labelled.notes]
    notes += advice_on(kept, labelled, preprocessing, place=lambda row: rows.place(int(used[row])))
    about = About(
        spec=_spec(labelled, vocabulary, max_length=max_length),
        notes=tuple(notes),
        preprocessing=preprocessing.to_json(),
    )
    return Prepared(arrays=prepared, about=about)


def _texts(
    rows: Rows, *, arguments: TextArguments
) -> tuple[list[str], NDArray[np.intp], list[str]]:
    """Return the text of each row, which rows have one, and what is to be said of the others."""
    import numpy as np

    values = list(rows.frame[arguments.text])
    wrong = {
        row: value
        for row, value in enumerate(values)
        if not (isinstance(value, str) or _is_missing(value))
    }
    if wrong:
        row, value = next(iter(wrong.items()))
        of = f"of its {counted(len(values), 'value')}"
        is_none, are_none = f"{of} is no text", f"{of} are no text"
        raise ConfigurationError(
            f"text is {arguments.text}, but {agreeing(len(wrong), is_none, are_none)}, "
            f"such as {value!r} in {rows.place(row)}. Choose the column with the texts."
        )
    texts = [value if isinstance(value, str) else "" for value in values]
    has_any = [bool(symbols_of(t, level=arguments.level, lower=arguments.lower)) for t in texts]
    good = np.flatnonzero(has_any)
    empty = [row for row, has in enumerate(has_any) if not has]
    if not empty:
        return texts, good, []
    shown = rows.places(empty)
    if arguments.empty == "refuse" or not len(good):
        remedy = "Mend or remove them, or write `empty: drop`." if len(good) else "Choose another."
        raise ConfigurationError(
            f"text is {arguments.text}, a column in which {len(empty)} of {len(texts)} texts are "
            f"missing or have no {arguments.level}: {shown}. {remedy}"
        )
    one, many = (f"without any {arguments.level} {verb} left out" for verb in ("is", "are"))
    return texts, good, [f"{agreeing(len(empty), f'text {one}', f'texts {many}')}: {shown}."]


def _is_missing(value: Any) -> bool:
    """Return whether a value is None, NaN, or what a column of texts in Parquet has instead."""
    import pandas as pd

    return bool(pd.api.types.is_scalar(value) and pd.isna(value))


def _vocabulary(training: Sequence[str], *, arguments: TextArguments) -> Vocabulary:
    vocabulary = fit_vocabulary(
        training,
        level=arguments.level,
        lower=arguments.lower,
        max_vocabulary=arguments.max_vocabulary,
        min_count=arguments.min_count,
    )
    if arguments.level != "byte" and not vocabulary.symbols:
        raise ConfigurationError(
            f"min_count is {arguments.min_count}, but no {arguments.level} occurs so often in the "
            f"{len(training)} training texts. Lower it, or write `level: character`."
        )
    return vocabulary


def _max_length(
    kept: Sequence[str],
    training: Sequence[str],
    vocabulary: Vocabulary,
    *,
    arguments: TextArguments,
) -> int:
    """Return how many symbols of a text are kept, no more than the longest of all splits has."""
    import numpy as np

    if arguments.max_length is not None:
        return min(arguments.max_length, max(len(vocabulary.numbers(text)) for text in kept))
    lengths = np.array([len(vocabulary.numbers(text)) for text in training])
    whole = int(np.quantile(lengths, _WHOLE, method="inverted_cdf"))
    return min(whole, _LONGEST[arguments.level])


def _spec(labelled: Labelled, vocabulary: Vocabulary, *, max_length: int) -> DataSpec:
    return DataSpec(
        task=labelled.target.task,
        input_shape=(max_length,),
        n_outputs=labelled.target.n_outputs,
        n_train=len(labelled.parts["train"]),
        class_counts=labelled.class_counts,
        form="tokens",
        has_lengths=True,
        vocabulary=vocabulary.size,
        target_scale=labelled.target.std,
    )


PREPARATION = Preparation(
    "text",
    version=_FORMAT,
    read=TextArguments.read,
    fingerprints=lambda arguments: [fingerprint_of(arguments.as_table())],
    build=_build,
)
"""From arguments to arrays: inputs (N, T) int64, lengths (N,) int64, and targets (N,) int64
classes, or (N, 1) float32 standardised."""
