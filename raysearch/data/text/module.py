"""How are texts cut into batches, and their vocabulary kept with the model?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from raysearch.checks import integer_fault, raise_faults
from raysearch.data.meaning import Meaning, meaning_of_target
from raysearch.data.preparation import as_text
from raysearch.data.state import STATE, check_state
from raysearch.data.tensors import InMemoryData, Splits, prepared_splits
from raysearch.data.text.arguments import Level, Policy, Side
from raysearch.data.text.preparing import PREPARATION
from raysearch.data.text.preprocessing import TextPreprocessing
from raysearch.data_spec import Task


class Data(InMemoryData):
    """A CSV, TSV, Parquet or JSON lines file with a column of texts and one to be predicted.

    The vocabulary is that of the training split, and stays so when a model is trained again on
    training and validation texts together.

    Args:
        batch_size: Texts in a training batch, at least 1.
        seed: Has no effect: the split has a seed of its own, since the vocabulary depends on the
            training texts, and the space of a search on the vocabulary.
        path: The file.
        test_path: A file whose texts are the test, with the same columns; `test` then has no
            effect.
        text: Column with the texts.
        target: Column to be predicted.
        task: "classification" or "regression"; None to tell by the target.
        positive: Of two classes, the one that is looked for; None for one such as "yes", else the
            rarer one.
        level: What a symbol is: "word" (and punctuation marks), "character", or "byte" of UTF-8.
        lower: Whether capital letters are made small first.
        max_vocabulary: Words or characters that are told apart, the most frequent ones, 1 to
            10000000; all others are `UNKNOWN`. No effect on bytes.
        min_count: Occurrences in the training texts below which a word or character is unknown. At
            1 a model never meets an unknown one in training. No effect on bytes.
        max_length: Symbols of a text that are kept, 1 to 100000; None for so many that 98 % of the
            training texts are whole, at most 512 words, or 1024 characters or bytes.
        keep: Which part of longer texts is kept, "start" or "end".
        empty: "refuse" texts that are missing or have no symbol, or "drop" them.
        split: Column that says train, validation or test of each text. Where none is for
            validation, some of those for training are.
        order_by: Column of dates or numbers: the latest texts are the test.
        group: Column whose texts of one value stay together in a split, such as an author's.
        dates: Formats of the dates of `order_by`, where they are in doubt.
        validation: Share of the texts for validation, from 0.05 to 0.45.
        test: Share of the texts for the test, from 0.05 to 0.45; both together at most 0.5.
        split_seed: Governs which texts or groups each split holds.
        separator: Of a CSV file; None to tell by its first lines.
        decimal: Decimal mark of a target in text, "." or ","; None to tell by the values.
        encoding: Of a CSV or JSON lines file; None to tell by its bytes.
        fingerprint: Of the files, which are refused if they have another; None to take them as
            they are.

    Shapes:
        inputs: (B, T) int64, 0 behind the end
        lengths: (B,) int64, 1 to T
        targets: (B,) int64 classes (see `Target.classes`), or (B, 1) float32 standardised
        B batch, T symbols at most

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
        text: str,
        target: str,
        task: Task | None = None,
        positive: str | None = None,
        level: Level = "word",
        lower: bool = True,
        max_vocabulary: int = 20_000,
        min_count: int = 2,
        max_length: int | None = None,
        keep: Side = "start",
        empty: Policy = "refuse",
        split: str | None = None,
        order_by: str | None = None,
        group: str | None = None,
        dates: Sequence[str] | Mapping[str, str | None] = (),
        validation: float = 0.2,
        test: float = 0.2,
        split_seed: int = 0,
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
    def preprocessing(self) -> TextPreprocessing:
        """What turns texts into inputs, and outputs into answers."""
        return TextPreprocessing.from_json(self._about.preprocessing)

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
