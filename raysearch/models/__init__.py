"""Which model families are there? The table from short name to package; one family per folder.

A family is a package with three modules:

- `space.py`, which loads no torch: `search_space(data)`, the recommended search space;
  `legal_domains(data)`, every value that the constructor accepts, by argument;
  `data_arguments(data)`, the arguments that follow from the data; `MODULE`, the import path of
  the module class. `METRICS`, if it logs more than all families for its task do.
- `network.py`: the network, a plain `nn.Module`.
- `module.py`: the `LightningModule`, with every argument spelled out. It is constructed as
  `Module(**data_arguments(data), **configuration)`.

- `growing.py`, if models of the family can begin with the weights of another architecture: see
  `shared.growing`. Its `space` then has `ARCHITECTURE`, the arguments whose change makes another
  network.

A module logs what `metrics` lists for its task, and has a method `training_loss(batch)`: a pure
function of parameters, buffers, batch and torch's default generator. A batch is a tuple of inputs,
their lengths where `DataSpec.has_lengths`, and targets. What families share is in `shared`; a
family need not use it. A module may also have a method `pictures(inputs)`, which shows what it has
learnt: given a batch of validation inputs, images (C, H, W) in [0, 1] by name; and a method
`learnt_parameters()`, the values of those of its parameters that training itself has changed (the
weights of a `Graph`), by argument, which a searcher may pass on. Data that a family
cannot learn from are refused by the functions of its `space` with a `ConfigurationError`. The
contract is tested in tests/contracts/test_families.py.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from types import MappingProxyType

from raysearch.data_spec import DataSpec
from raysearch.errors import ConfigurationError
from raysearch.trial import Direction

FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        "attention": "raysearch.models.attention",
        "cnn": "raysearch.models.cnn",
        "generative": "raysearch.models.generative",
        "graph": "raysearch.models.graph",
        "mlp": "raysearch.models.mlp",
        "rnn": "raysearch.models.rnn",
        "seq2seq": "raysearch.models.seq2seq",
        "tree": "raysearch.models.tree",
        "vae": "raysearch.models.vae",
    }
)
"""Name in an experiment file -> package of the family. Its `space` must not load torch."""


def families_for(data: DataSpec) -> list[str]:
    """Return the names of the families that can learn from data like these."""
    return [name for name in FAMILIES if _takes(name, data)]


def families_that_grow() -> tuple[str, ...]:
    """Return the names of the families whose models can begin with another architecture's weights.

    Example:
        >>> families_that_grow()
        ('cnn', 'mlp')
    """
    return tuple(name for name in FAMILIES if architecture_of(name))


@cache
def architecture_of(name: str) -> frozenset[str]:
    """Return the arguments of a family that grows whose change makes another network; else none.

    Example:
        >>> "width" in architecture_of("mlp"), "dropout" in architecture_of("mlp")
        (True, False)
    """
    if find_spec(f"{FAMILIES[name]}.growing") is None:
        return frozenset()
    space = importlib.import_module(f"{FAMILIES[name]}.space")
    return frozenset(space.ARCHITECTURE)


def package_of(class_path: str) -> str | None:
    """Return the package of the family that grows whose module is at a path, or None.

    Example:
        >>> package_of("raysearch.models.mlp.module:MLP"), package_of("mine.nets:Net")
        ('raysearch.models.mlp', None)
    """
    paths = {f"{package}.module": package for package in map(FAMILIES.get, families_that_grow())}
    return paths.get(class_path.rpartition(":")[0])


def own_metrics(name: str) -> Mapping[str, Direction]:
    """Return what a family logs beside `metrics.LOGGED`, without a split, with directions."""
    space = importlib.import_module(f"{FAMILIES[name]}.space")
    found: Mapping[str, Direction] = getattr(space, "METRICS", {})
    return found


def _takes(name: str, data: DataSpec) -> bool:
    space = importlib.import_module(f"{FAMILIES[name]}.space")
    try:
        space.legal_domains(data)
    except ConfigurationError:
        return False
    return True


__all__ = [
    "FAMILIES",
    "architecture_of",
    "families_for",
    "families_that_grow",
    "own_metrics",
    "package_of",
]
