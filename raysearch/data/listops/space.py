"""What can be known about ListOps, and chosen, before it is generated?"""

from __future__ import annotations

from typing import Any, Literal

from raysearch.checks import integer_fault, raise_faults
from raysearch.data.batches import batch_sizes_among, legal_batch_size
from raysearch.data.listops.grammar import SYMBOLS
from raysearch.data.memory import check_memory
from raysearch.data.splits import FRACTIONS, split_sizes
from raysearch.data_spec import UNKNOWN, DataSpec
from raysearch.errors import unknown_name
from raysearch.space import Bool, Choice, Domain, Int, Space

N_EXAMPLES = 20_000

FORMS = ("tree", "tokens")

DEEPEST, LONGEST = 50, 2000
SHORTEST = 4
"""Tokens of an operator with two digits."""

ARGUMENTS: dict[str, Domain] = {
    **FRACTIONS,
    "bucketing": Bool(default=False),
    "form": Choice(list(FORMS), default="tree"),
    "max_depth": Int(1, DEEPEST, default=6),
    "max_length": Int(SHORTEST, LONGEST, default=100),
    "n_examples": Int(10, 10_000_000, default=N_EXAMPLES),
}
"""What an experiment may fix, by name."""


def data_spec(
    *,
    bucketing: bool = False,
    form: str = "tree",
    max_depth: int = 6,
    max_length: int = 100,
    n_examples: int = N_EXAMPLES,
    validation: float = 0.2,
    test: float = 0.2,
) -> DataSpec:
    """Return shapes and sizes; the shapes are those that the limits allow.

    Args:
        bucketing: Whether a training batch has expressions of similar length.
        form: "tree" or "tokens".
        max_depth: The most operators around a digit, 1 to 50.
        max_length: The most tokens of an expression, brackets included, 4 to 2000.
        n_examples: Different expressions, 10 to 10000000.
        validation: Share of the examples for validation, from 0.05 to 0.45.
        test: Share of the examples for the test, from 0.05 to 0.45; both together at most 0.5.

    Raises:
        ConfigurationError: An argument is out of range, or the examples would not fit into
            memory.

    Example:
        >>> data_spec().input_shape, data_spec(form="tokens").input_shape, data_spec().n_outputs
        ((2, 99), (100,), 10)
    """
    raise_faults(
        _switch_fault("data.bucketing", bucketing),
        None if form in FORMS else f"data.form: {_unknown_form(form)}",
        integer_fault("data.max_depth", max_depth, at_least=1, at_most=DEEPEST),
        integer_fault("data.max_length", max_length, at_least=SHORTEST, at_most=LONGEST),
        integer_fault("data.n_examples", n_examples, at_least=10, at_most=10_000_000),
    )
    sizes = split_sizes(n_examples, validation=validation, test=test)
    is_tree = form == "tree"
    check_room(n_examples, form=form, max_length=max_length, of="all")
    # A tree has no node for a closing bracket; one with a single operator has the most nodes.
    return DataSpec(
        task="classification",
        input_shape=(2, max_length - 1) if is_tree else (max_length,),
        n_outputs=10,
        n_train=sizes.train,
        form="tree" if is_tree else "tokens",
        has_lengths=True,
        vocabulary=UNKNOWN + len(SYMBOLS) + (0 if is_tree else 1),
    )


def check_room(
    n_examples: int, *, form: str, max_length: int, of: Literal["free", "all"] = "free"
) -> None:
    """Refuse examples that would not fit into memory; see `memory.check_memory`.

    Raises:
        ConfigurationError: They would not.
    """
    n_symbols = 2 * (max_length - 1) if form == "tree" else max_length
    n_copies = 2 if of == "free" else 1  # as they are made: as a whole, and in splits
    check_memory(
        n_copies * 8 * n_examples * (n_symbols + 2),
        what=f"data.n_examples is {n_examples}, and data.max_length {max_length}: so many examples",
        remedy="Ask for fewer, or for shorter ones",
        of=of,
    )


def search_space(data: DataSpec) -> Space:
    """Return what is worth searching: the batch size."""
    return Space({"data.batch_size": batch_sizes_among([32, 64, 128, 256], data, default=128)})


def legal_domains(data: DataSpec) -> dict[str, Domain]:
    """Return what the data module accepts, by key."""
    return {"data.batch_size": legal_batch_size(data)}


def _switch_fault(key: str, value: object) -> str | None:
    return None if isinstance(value, bool) else f"{key} is {value!r}. It must be true or false."


def _unknown_form(form: Any) -> str:
    return unknown_name(str(form), kind="a form of ListOps", valid=FORMS)
