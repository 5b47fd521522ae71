"""How do the weights of a network go over into another one of the same family?

A family that can do it has a module `growing` with one function

    grow(old: Module, new: Module, transfer: Transfer) -> None

that walks through both networks side by side and hands each pair of layers to the `Transfer`. What
the channels of the old layers are among those of the new ones, a `Spread` says.

References:
    Chen, Goodfellow and Shlens, "Net2Net: Accelerating Learning via Knowledge Transfer", ICLR 2016.
    Wei, Wang, Rui and Chen, "Network Morphism", ICML 2016 (larger kernels, new branches).
"""

from __future__ import annotations

from raysearch.models.shared.growing.spreads import Spread
from raysearch.models.shared.growing.transfer import Transfer

__all__ = ["Spread", "Transfer"]
