"""How are trees cut into batches, and their vocabulary kept with the model?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from raysearch.checks import integer_fault, raise_faults
from raysearch.data.meaning import Meaning, meaning_of_target
from raysearch.data.preparation import as_text
from raysearch.data.state import check_state
from raysearch.data.tensors import InMemoryData, Splits, prepared_splits
from raysearch.data.trees.arguments import Head
from raysearch.data.trees.labels import Target
from raysearch.data.trees.parsing import parse
from raysearch.data.trees.preparing import PREPARATION, encoded, numbered
from raysearch.data_spec import Task
from raysearch.errors import ConfigurationError

STATE = "raysearch_trees"
"""Where a checkpoint keeps vocabulary and target."""


class Data(InMemoryData):
    """Bracketed expressions with a label, from a text, TSV or JSON lines file.

    Vocabulary and target are learnt from the training split alone, and stay so when a model is
    trained again on training and validation trees together.

    Args:
        batch_size: Trees in a training batch, at least 1.
        seed: Has no effect: the split has a seed of its own, since the vocabulary depends on the
            training trees, and the space of a search on the vocabulary.
        path: The file. Text has an expression in each line with its label in front: within its
            brackets, "(3 (2 not) (4 bad))", or before it, "9 (MAX 2 9)". TSV and JSON lines have
            columns, or keys; see `expression` and `label`.
        validation_path: A file of such a form with the trees for validation; None to draw them.
        test_path: A file of such a form with the trees for the test; None to draw them.
        expression: Column, or key, of the expressions.
        label: Column, or key, of the labels.
        task: "classification" or "regression"; None to tell by the labels of `path`. Text, and up
            to 20 different integers, are classes.
        head: What stands first within brackets: a "label", which is not read as an input; the
            "symbol" of the node; or "none", all being children. None: "label" if `path` is a text
            file that begins with a bracket, else "symbol"; lines that are not like that, in any of
            the files, are refused.
        max_symbols: Symbols of the vocabulary, 5 to 10000000, those counted that every one begins
            with; rarer ones are unknown.
        min_count: Times that a symbol must occur in the training split to be known, at least 1.
        max_nodes: The most nodes of a tree, at least 1; a file with a larger one is refused.
        validation: Share of the trees for validation, from 0.05 to 0.45.
        test: Share of the trees for the test, from 0.05 to 0.45; both together at most 0.5.
        split_seed: Governs which trees each split holds, where files do not.
        fingerprint: Of the files, which are refused if they have another; None to take them as
            they are.

    Shapes:
        inputs: (B, 2, N) int64, symbols and parents as `DataSpec.form` "tree" has them
        lengths: (B,) int64, nodes
        targets: (B,) int64 classes, or (B, 1) float32 standardised
        B batch, N nodes of the largest tree

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
        expression: str = "expression",
        label: str = "label",
        task: Task | None = None,
        head: Head | None = None,
        max_symbols: int = 20_000,
        min_count: int = 1,
        max_nodes: int = 1000,
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

    def encoded(self, expressions: Sequence[str], *, head: Head) -> tuple[Tensor, Tensor]:
        """Return expressions as a model takes them: trees (B, 2, N) and their lengths (B,).

        Args:
            expressions: Without labels in front of their brackets.
            head: What stands first within brackets.

        Raises:
            ConfigurationError: One of them is none.
        """
        trees = []
        for place, text in enumerate(expressions):
            try:
                parsed = parse(text, head=head)
            except ValueError as error:
                raise ConfigurationError(
                    f"Expression {place}, {text!r}, {error}. Mend it, or leave it out."
                ) from error
            trees.append((parsed.symbols, parsed.parents))
        inputs, lengths = encoded(
            trees,
            numbers=numbered(self._about.preprocessing["symbols"]),
            n_nodes=max((len(symbols) for symbols, _ in trees), default=1),
        )
        return torch.from_numpy(inputs), torch.from_numpy(lengths)

    def answers(self, outputs: Tensor) -> list[str] | list[float]:
        """Return what a model's outputs say: labels (B,), or numbers in the labels' own unit."""
        target = self._target
        if target.task == "classification":
            return [target.classes[place] for place in outputs.argmax(1).tolist()]
        numbers: list[float] = (outputs[:, 0] * target.std + target.mean).tolist()
        return numbers

    @property
    def meaning(self) -> Meaning:
        """What a model's outputs mean."""
        return meaning_of_target(self._target)

    @property
    def _target(self) -> Target:
        return Target.from_json(self._about.preprocessing["target"])

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
        return prepared_splits(PREPARATION, as_text(self.arguments))
