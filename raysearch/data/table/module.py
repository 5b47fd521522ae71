"""How are the rows of a table cut into batches, and its preprocessing kept with the model?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from raysearch.checks import integer_fault, raise_faults
from raysearch.data.meaning import Meaning, meaning_of_target
from raysearch.data.preparation import as_text
from raysearch.data.state import STATE, check_state
from raysearch.data.table.arguments import Scaling
from raysearch.data.table.preparing import PREPARATION
from raysearch.data.table.preprocessing import Preprocessing
from raysearch.data.tensors import InMemoryData, Splits, prepared_splits
from raysearch.data_spec import Task


class Data(InMemoryData):
    """A CSV, Parquet or JSON lines file with a column to be predicted from the others.

    All that is learnt about the columns is learnt from the training split alone, and stays so when
    a model is trained again on training and validation rows together: its inputs do not change.

    Args:
        batch_size: Rows in a training batch, at least 1.
        seed: Has no effect: the split has a seed of its own, since the number of features depends
            on the training rows, and the space of a search on that number.
        path: The file.
        test_path: A file whose rows are the test, with the same columns; `test` then has no effect.
        target: Column to be predicted.
        task: "classification" or "regression"; None to tell by the target. Text, truth values and
            a few different integers are classes.
        positive: Of two classes, the one that is looked for, and of which average precision
            speaks; None for one such as "yes" or 1, else the rarer one.
        features: Columns to predict from; None for all others.
        ignore: Columns to leave out.
        categorical: Columns that are categories, whatever they look like.
        numeric: Columns that are numbers, whatever they look like.
        dates: Columns that are dates, or a mapping of them to formats such as "%d/%m/%Y".
        split: Column that says train, validation or test of each row. Where none is for
            validation, some of the training rows are.
        order_by: Column of dates or numbers: the latest rows are the test, those before the
            validation. What only grows in it (numbers; of dates, year and days elapsed) is then
            not learnt from.
        group: Column whose rows of one value stay together in a split, such as a person's.
        validation: Share of the rows for validation, from 0.05 to 0.45.
        test: Share of the rows for the test, from 0.05 to 0.45; both together at most 0.5.
        split_seed: Governs which rows each split holds, where no column does.
        scaling: Of numbers: "standard" (mean and standard deviation), or "robust" (median and
            quartiles, with far outliers drawn in).
        max_categories: Categories of a column that are told apart, 2 to 100000.
        min_count: Training rows below which a category is pooled with other rare ones.
        separator: Of a CSV file; None to tell by its first lines.
        decimal: Decimal mark, "." or ","; None to tell by the values.
        encoding: Of a CSV file; None to tell by its bytes.
        fingerprint: Of the file, which is refused if it has another; None to take it as it is.

    Shapes:
        inputs: (B, F) float32, numbers first, then the codes of categories
        targets: (B,) int64 classes (see `Target.classes`), or (B, 1) float32 standardised
        B batch, F features

    Raises:
        ConfigurationError: An argument is wrong, or the file does not fit it.
    """

    def __init__(
        self,
        *,
        batch_size: int,
        seed: int = 0,
        path: str,
        test_path: str | None = None,
        target: str,
        task: Task | None = None,
        positive: str | None = None,
        features: Sequence[str] | None = None,
        ignore: Sequence[str] = (),
        categorical: Sequence[str] = (),
        numeric: Sequence[str] = (),
        dates: Sequence[str] | Mapping[str, str | None] = (),
        split: str | None = None,
        order_by: str | None = None,
        group: str | None = None,
        validation: float = 0.2,
        test: float = 0.2,
        split_seed: int = 0,
        scaling: Scaling = "standard",
        max_categories: int = 100,
        min_count: int = 3,
        separator: str | None = None,
        decimal: str | None = None,
        encoding: str | None = None,
        fingerprint: str | None = None,
    ) -> None:
        given = {
            name: value
            for name, value in locals().items()
            if name not in ("self", "__class__", "batch_size", "seed")
        }
        super().__init__()
        raise_faults(integer_fault("data.batch_size", batch_size, at_least=1))
        self.arguments = PREPARATION.settled(given)
        self._about = PREPARATION.about(self.arguments)
        self.spec = self._about.spec
        self.batch_size = batch_size

    @property
    def preprocessing(self) -> Preprocessing:
        """What turns raw rows into inputs, and outputs into answers."""
        return Preprocessing.from_json(dict(self._about.preprocessing))

    @property
    def meaning(self) -> Meaning:
        """What a model's outputs mean."""
        return meaning_of_target(self.preprocessing.target)

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps of the data: the preprocessing, as plain JSON values."""
        return {STATE: dict(self._about.preprocessing)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Refuse a checkpoint of a model whose inputs were prepared in another way.

        Raises:
            ConfigurationError: They were.
        """
        check_state(state_dict, now=self._about.preprocessing, path=self.arguments.path)

    def _splits(self) -> Splits:
        return prepared_splits(PREPARATION, as_text(self.arguments))
