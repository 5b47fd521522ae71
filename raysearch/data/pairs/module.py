"""How are pairs cut into batches, and their vocabularies kept with the model?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from raysearch.checks import integer_fault, raise_faults
from raysearch.data.pairs.arguments import Level, Policy
from raysearch.data.pairs.preparing import PREPARATION
from raysearch.data.pairs.vocabulary import Vocabulary, symbols_of
from raysearch.data.preparation import as_text
from raysearch.data.state import check_state
from raysearch.data.tensors import InMemoryData, Splits, prepared_splits
from raysearch.errors import ConfigurationError

STATE = "raysearch_pairs"
"""Where a checkpoint keeps the vocabularies."""


class Data(InMemoryData):
    """Pairs of a source and a target sequence, from a TSV or JSON lines file.

    The vocabularies are learnt from the training split alone, and stay so when a model is trained
    again on training and validation pairs together.

    Args:
        batch_size: Pairs in a training batch, at least 1.
        seed: Has no effect: the split has a seed of its own, since the vocabulary depends on the
            training pairs, and the space of a search on the vocabulary.
        path: The file. Of TSV, each row has a source, a tab and a target; see `source`.
        validation_path: A file of the same form with the pairs for validation; None to draw them.
        test_path: A file of the same form with the pairs for the test; None to draw them.
        source: Name of the sources' column, in the first row of a TSV file, or key in JSON lines.
            None: a TSV file has no names, and two columns; the key is "source".
        target: The same of the targets. Give both, or neither.
        level: What a symbol is: "word" (what stands between blanks), "character" or "byte".
        max_symbols: Symbols of each vocabulary, 5 to 10000000, those counted that every one begins
            with; rarer ones are unknown.
        min_count: Times that a symbol must occur in the training split to be known, at least 1.
        max_length: The most symbols of a source, and of a target without its end, at least 1.
        empty: What to do with a pair whose source or target is empty: "refuse" the file, naming the
            row, or "drop" the pair.
        too_long: The same of a pair that is longer than `max_length`.
        validation: Share of the pairs for validation, from 0.05 to 0.45.
        test: Share of the pairs for the test, from 0.05 to 0.45; both together at most 0.5.
        split_seed: Governs which pairs each split holds, where files do not.
        fingerprint: Of the files, which are refused if they have another; None to take them as
            they are.

    Shapes:
        inputs: (B, T) int64, symbols of the source, 0 behind the end
        lengths: (B,) int64, of the source
        targets: (B, L) int64, symbols of the target, `END` behind the last and 0 behind that
        B batch, T steps of the longest source, L of the longest target, `END` counted

    Raises:
        ConfigurationError: An argument is wrong, or a file does not fit it.
    """

    def __init__(
        self,
        *,
        batch_size: int,
        seed: int = 0,
        path: str,
        validation_path: str | None = None,
        test_path: str | None = None,
        source: str | None = None,
        target: str | None = None,
        level: Level = "word",
        max_symbols: int = 10_000,
        min_count: int = 1,
        max_length: int = 200,
        empty: Policy = "refuse",
        too_long: Policy = "refuse",
        validation: float = 0.2,
        test: float = 0.2,
        split_seed: int = 0,
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
        self.source = Vocabulary(tuple(self._about.preprocessing["source"]))
        self.target = Vocabulary(tuple(self._about.preprocessing["target"]))

    def encoded(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Return sources as a model takes them: symbols (B, T) and their lengths (B,).

        Raises:
            ConfigurationError: One of them is empty.
        """
        cut = [symbols_of(text, level=self.arguments.level) for text in texts]
        if not all(cut):
            place = cut.index([])
            raise ConfigurationError(
                f"Source {place} is {texts[place]!r}, which has no symbol. Leave it out."
            )
        lengths = torch.tensor([len(symbols) for symbols in cut])
        inputs = torch.zeros(len(cut), int(lengths.max()), dtype=torch.int64)
        for row, symbols in enumerate(cut):
            inputs[row, : len(symbols)] = torch.tensor(self.source.numbers(symbols))
        return inputs, lengths

    def decoded(self, symbols: Tensor) -> list[str]:
        """Return the texts of answers (B, L), what is unknown as U+FFFD."""
        level = self.arguments.level
        return [self.target.written(row, level=level) for row in symbols.tolist()]

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps of the data, as plain JSON values."""
        return {STATE: dict(self._about.preprocessing)}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Refuse a checkpoint of a model whose inputs were prepared in another way.

        Raises:
            ConfigurationError: They were.
        """
        now = self._about.preprocessing
        check_state(state_dict, now=now, path=self.arguments.path, key=STATE)

    def _splits(self) -> Splits:
        return prepared_splits(PREPARATION, as_text(self.arguments), is_bucketed=True)
