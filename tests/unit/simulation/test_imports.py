"""Simulated searches need neither Ray nor torch."""

from __future__ import annotations

import subprocess
import sys

import raysearch.simulation

SEARCH = """
import sys
from raysearch.engine import Plan
from raysearch.schedulers.asha import ASHA
from raysearch.searchers.random import Random
from raysearch.simulation import ParametricCurves, simulate
from raysearch.space import Int, Space
from raysearch.trial import Objective

space, loss = Space({"depth": Int(1, 9)}), Objective(metric="val/loss", direction="minimize")
simulation = simulate(
    Plan(objective=loss, max_epochs=9),
    space=space,
    searcher=Random(space, objective=loss),
    scheduler=ASHA(objective=loss, max_epochs=9),
    curves=ParametricCurves(space, objective=loss),
)
print(len(simulation.state.trials))
print(sorted({"ray", "torch", "pytorch_lightning", "hyperopt", "sklearn"} & sys.modules.keys()))
"""


def test_a_whole_search_loads_neither_ray_nor_torch():
    done = subprocess.run(
        [sys.executable, "-c", SEARCH], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["9", "[]"]


def test_public_names_exist():
    for name in raysearch.simulation.__all__:
        assert getattr(raysearch.simulation, name).__module__.startswith("raysearch.simulation.")
