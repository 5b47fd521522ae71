"""Networks that were trained a little, and others that are filled out of them."""

from __future__ import annotations

import importlib

import torch

from raysearch.models.shared.growing import Transfer

IMAGES = torch.randn(32, 1, 8, 8, generator=torch.Generator().manual_seed(0))
TOLERANCE = 1e-5


def trained(module, inputs=IMAGES, *, steps=3):
    """Return a module after a few steps, so that nothing in it is as it began, statistics too."""
    torch.manual_seed(1)
    optimizer = torch.optim.Adam(module.network.parameters(), lr=0.01)
    module.train()
    for _ in range(steps):
        optimizer.zero_grad()
        (module(inputs) - 1).square().mean().backward()
        optimizer.step()
    return module.eval()


def grown(old, new):
    """Fill a module out of another one, and return what became of the layers."""
    torch.manual_seed(2)
    package = type(old).__module__.rpartition(".")[0]
    transfer = Transfer(old, new)
    importlib.import_module(f"{package}.growing").grow(old, new, transfer)
    new.eval()
    return transfer


@torch.no_grad()
def difference(old, new, inputs=IMAGES):
    """Return the largest difference between two modules' outputs, in evaluation mode."""
    return (old(inputs) - new(inputs)).abs().max().item()


def check(make, base, change, *, is_preserved, inputs=IMAGES):
    """Check that a change keeps what is computed, or is said not to; return the new module."""
    old, new = trained(make(**base), inputs), make(**{**base, **change})
    transfer = grown(old, new)
    found = difference(old, new, inputs)
    assert (not transfer.changes) == is_preserved, transfer.changes
    assert (found <= TOLERANCE) == is_preserved, found
    return new, transfer
