"""Which model families are there? The table from short name to package; one family per folder.

A family is a package with three modules:

- `space.py`, which loads no torch: `search_space(data)`, the recommended search space;
  `legal_domains(data)`, every value that the constructor accepts, by argument;
  `data_arguments(data)`, the arguments that follow from the data; `MODULE`, the import path of
  the module class.
- `network.py`: the network, a plain `nn.Module`.
- `module.py`: the `LightningModule`, with every argument spelled out. It is constructed as
  `Module(**data_arguments(data), **configuration)`.

A module logs what `metrics` lists for its task, and has a method `training_loss(batch)`: a pure
function of parameters, buffers, batch and torch's default generator. What families that learn from
labelled examples share is in `supervised`; a family need not use it. The contract is tested in
tests/contracts/test_families.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        "cnn": "raysearch.models.cnn",
        "mlp": "raysearch.models.mlp",
    }
)
"""Name in an experiment file -> package of the family. Its `space` must not load torch."""

__all__ = ["FAMILIES"]
