"""How does a raw row become what the model takes, and its output an answer?

All that was learnt from the training split, as plain values. It travels in every checkpoint of a
model that was trained on a table, so that the checkpoint alone turns rows into predictions:

    from raysearch.data.table.preprocessing import load_preprocessing

    model = raysearch.load_model("runs/churn-20261123-170912")
    preprocessing = load_preprocessing("runs/churn-20261123-170912/winner/model.ckpt")
    rows = pandas.read_csv("new_customers.csv", dtype=str)   # without dtype=str it works as well
    outputs = model(torch.from_numpy(preprocessing.transform(rows)))
    preprocessing.labels(outputs)
"""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raysearch.data.arguments import listed
from raysearch.data.state import check_schema, stored_state
from raysearch.data.table.answers import labels_of, probabilities_of
from raysearch.data.table.classes import Label
from raysearch.data.table.columns import (
    CategoryColumn,
    Column,
    column_from_json,
    column_to_json,
    unread,
)
from raysearch.data.table.target import Target
from raysearch.data.table.texts import is_text
from raysearch.errors import ConfigurationError, did_you_mean

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

_SCHEMA_VERSION = 1

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preprocessing:
    """What was learnt from the training split of a table.

    Shapes:
        inputs: (N, F) float32, first the numbers, then the codes of categories
        outputs: (N, K) what a model gives: unnormalised log-probabilities of the classes, or for a
            regression (N, 1) standardised values
        N rows, F features, K classes
    """

    target: Target
    columns: tuple[Column, ...]
    """What becomes of each column that is used, categories last."""
    known: tuple[str, ...]
    """All columns of the file, also those that are not used."""

    @property
    def names(self) -> tuple[str, ...]:
        """Columns that a row must have."""
        return tuple(column.name for column in self.columns)

    @property
    def categories(self) -> tuple[CategoryColumn, ...]:
        """The columns whose codes are the last numbers of an example."""
        return tuple(column for column in self.columns if isinstance(column, CategoryColumn))

    @property
    def features(self) -> tuple[str, ...]:
        """A name for each number of an example, F in all."""
        numbers = [c for c in self.columns if not isinstance(c, CategoryColumn)]
        outputs = [name for column in numbers for name in column.outputs]
        return (*outputs, *(column.name for column in self.categories))

    def transform(self, frame: pd.DataFrame) -> NDArray[np.float32]:
        """Return the inputs (N, F) of a model for raw rows.

        A category that was never seen has the code of rare ones. A text where a number or a date
        should stand counts as missing, with a warning.

        Args:
            frame: The rows, as text or typed, with the columns in any order. Columns of the file
                that are not used may be there or not.

        Raises:
            ConfigurationError: A column is missing, there are columns that the file did not have,
                or two have one name.
        """
        self._check(list(frame.columns))
        for column in self.columns:
            series = frame[column.name]
            if isinstance(column, CategoryColumn) or not is_text(series):
                continue
            if wrong := unread(column, series):
                examples = listed([repr(text) for text in dict.fromkeys(wrong)], most=3)
                _logger.warning(
                    "Column %s is a %s, but %d of its values are none and count as missing: %s.",
                    column.name,
                    column.kind,
                    len(wrong),
                    examples,
                )
        return self.encode(frame)

    def encode(self, frame: pd.DataFrame) -> NDArray[np.float32]:
        """Return what `transform` does, without looking for what is wrong with the rows."""
        import numpy as np

        parts = [np.zeros((len(frame), 0))]
        for column in self.columns:
            series = frame[column.name]
            if isinstance(column, CategoryColumn):
                parts.append(column.codes(series)[:, None].astype(np.float64))
            else:
                parts.append(column.numbers(series))
        return np.concatenate(parts, axis=1).astype(np.float32)

    def labels(self, outputs: Any) -> list[Label] | NDArray[np.float64]:
        """Return the answers: the likeliest class of each row, or numbers in the target's unit.

        Args:
            outputs: (N, K) a model's outputs, as a tensor or an array.

        Returns:
            Classes as they stand in the file, (N,); or numbers, (N,).

        Example:
            >>> target = Target(name="pet", task="classification", classes=("cat", "dog"))
            >>> preprocessing = Preprocessing(target=target, columns=(), known=("pet",))
            >>> preprocessing.labels([[0.5, 2.0], [0.1, -1.0]])
            ['dog', 'cat']
        """
        return labels_of(self.target, outputs)

    def probabilities(self, outputs: Any) -> NDArray[np.float64]:
        """Return the probability of each class, (N, K), in the order of `target.classes`.

        Raises:
            ConfigurationError: The target is a number.
        """
        return probabilities_of(self.target, outputs)

    def to_json(self) -> dict[str, Any]:
        """Return plain values that `from_json` reads back unchanged."""
        return {
            "schema_version": _SCHEMA_VERSION,
            "target": self.target.to_json(),
            "columns": [column_to_json(column) for column in self.columns],
            "known": list(self.known),
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Preprocessing:
        """Return the preprocessing that `to_json` wrote.

        Raises:
            ConfigurationError: A newer version of raysearch wrote it.
        """
        check_schema(values, known=_SCHEMA_VERSION)
        return cls(
            target=Target.from_json(values["target"]),
            columns=tuple(column_from_json(column) for column in values["columns"]),
            known=tuple(values["known"]),
        )

    def _check(self, given: list[str]) -> None:
        absent = [name for name in self.names if name not in given]
        extra = [str(name) for name in given if name not in self.known]
        twice = [str(name) for name, n in Counter(given).items() if n > 1]
        faults = []
        if absent:
            near = did_you_mean(absent[0], extra)
            faults.append(
                f"The rows have no column {listed(absent)}, which the model was trained with. "
                f"{near.replace('Did you mean', 'Is it')}They need: {listed(self.names)}."
            )
        if extra and not absent:
            faults.append(
                f"The rows have the column {listed(extra)}, which the table that the model was "
                "trained on had not. Take it out, as with frame[list(preprocessing.names)]."
            )
        if twice:
            faults.append(f"The rows have the column {listed(twice)} more than once. Keep one.")
        if faults:
            raise ConfigurationError(faults)


def load_preprocessing(checkpoint: str | Path) -> Preprocessing:
    """Return the preprocessing in a checkpoint of a model that was trained on a table.

    Raises:
        ConfigurationError: There is none in it.
        FileNotFoundError: There is no such file.
    """
    return Preprocessing.from_json(stored_state(checkpoint, data="table"))
