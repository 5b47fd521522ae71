"""What can be known about cylinder, bell and funnel, and chosen, before they are drawn?"""

from __future__ import annotations

from raysearch.checks import raise_faults
from raysearch.data_spec import DataSpec
from raysearch.space import Choice, Domain, Float, Int, Space

N_TRAIN, N_TEST = 30, 900
"""Series of the published data set."""

N_GENERATED = 300
"""Series for validation, where they are drawn beside the published ones."""

CLASSES = ("cylinder", "bell", "funnel")
"""In the order of their numbers."""

N_STEPS = 128

ARGUMENTS: dict[str, Domain] = {
    "validation_from": Choice(["formula", "training"], default="formula"),
    "validation": Float(0.05, 0.45, default=0.3),
}
"""What an experiment may fix, by name."""


def data_spec(*, validation_from: str = "formula", validation: float = 0.3) -> DataSpec:
    """Return shapes and sizes.

    Args:
        validation_from: Where validation series come from: "formula" or "training"; see
            `module.Data`.
        validation: Of "training": the share of the 30 series for validation, from 0.05 to 0.45.

    Raises:
        ConfigurationError: An argument is out of range.

    Example:
        >>> data_spec().n_train, data_spec(validation_from="training").n_train
        (30, 21)
    """
    given = {"validation_from": validation_from, "validation": validation}
    raise_faults(
        *(
            f"data.{name} is {given[name]!r}. It must be {domain.describe()}."
            for name, domain in ARGUMENTS.items()
            if domain.explain(given[name]) is not None
        )
    )
    per_class = N_TRAIN // len(CLASSES)
    if validation_from == "training":
        per_class -= n_held_out(validation)
    return DataSpec(
        task="classification",
        input_shape=(1, N_STEPS),
        n_outputs=len(CLASSES),
        n_train=per_class * len(CLASSES),
    )


def n_held_out(validation: float) -> int:
    """Return how many of the 10 training series of a class a share is, from 1 to 4."""
    return max(1, round(validation * N_TRAIN / len(CLASSES)))


def search_space(data: DataSpec) -> Space:
    """Return what is worth searching: the batch size."""
    sizes = [size for size in (5, 10, 15, 30) if size <= data.n_train]
    return Space({"data.batch_size": Choice(sizes, ordered=True, default=10)})


def legal_domains(data: DataSpec) -> dict[str, Domain]:
    """Return what the data module accepts, by key."""
    return {"data.batch_size": Int(2, data.n_train)}
