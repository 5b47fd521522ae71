"""Which of the three kinds of densities does a configuration name?

Each is in a module of its own: `autoregressive`, `flow`, `diffusion`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from torch import nn

from raysearch.models.generative.autoregressive import AutoregressiveDesign, AutoregressiveNetwork
from raysearch.models.generative.diffusion import DiffusionDesign, DiffusionNetwork
from raysearch.models.generative.flow import FlowDesign, FlowNetwork
from raysearch.models.shared.arguments import select

KINDS: Mapping[str, tuple[type, type[nn.Module]]] = MappingProxyType(
    {
        "autoregressive": (AutoregressiveDesign, AutoregressiveNetwork),
        "flow": (FlowDesign, FlowNetwork),
        "diffusion": (DiffusionDesign, DiffusionNetwork),
    }
)
"""Name in a configuration -> design, and the network that is constructed from it."""


def network_for(arguments: Mapping[str, Any]) -> nn.Module:
    """Return the network that the constructor's arguments describe."""
    design, network = KINDS[arguments["kind"]]
    return network(select(design, arguments))
