"""Every family is trained, compared, refitted and tested through the command line."""

from __future__ import annotations

import pytest
import yaml

from raysearch.models import FAMILIES

pytestmark = pytest.mark.timeout(180)  # real workers, which import torch for each search

PAIRS = "".join(f"{'a ' * (1 + n % 5)}b {n % 3}\t{n % 3} {'x ' * (n % 5)}y\n" for n in range(120))

SEARCHES = {
    "images": {
        "data": {"name": "digits"},
        "model": ["attention", "cnn", "mlp"],
        "objective": "val/accuracy",
    },
    "series": {
        "data": {"name": "cbf"},
        "model": ["attention", "cnn", "rnn", "tree"],
        "objective": "val/accuracy",
    },
    "pairs": {
        "data": {"name": "pairs", "args": {"path": "pairs.tsv"}},
        "model": ["attention", "seq2seq"],
        "objective": "val/token_accuracy",
    },
    "trees": {
        "data": {"name": "listops", "args": {"n_examples": 300, "max_length": 30}},
        "model": ["tree"],
        "objective": "val/accuracy",
    },
    "graphs": {"data": {"name": "digits"}, "model": ["graph"], "objective": "val/accuracy"},
    "densities": {
        "data": {"name": "digits", "args": {"task": "density"}},
        "model": ["generative", "vae"],
        "objective": "val/bits_per_dim",
    },
}
"""What is learnt -> an experiment in which families that can learn it take part."""


def test_every_family_takes_part():
    named = {family for search in SEARCHES.values() for family in search["model"]}
    assert named == set(FAMILIES)


@pytest.mark.parametrize("kind", SEARCHES)
def test_a_search_over_families_ends_with_a_tested_winner(kind, raysearch, ray_address, tmp_path):
    families = SEARCHES[kind]["model"]
    experiment = {
        **SEARCHES[kind],
        "searcher": "random",
        "scheduler": "none",
        "fidelity": {"max_epochs": 1},
        "budget": {"trials": len(families)},
        # the first trial is the first family's default
        "points": [{"model": family} for family in families[1:]],
    }
    (tmp_path / "families.yaml").write_text(yaml.safe_dump(experiment))
    (tmp_path / "pairs.tsv").write_text(PAIRS)
    outcome = raysearch(
        "run", "families.yaml", "--run-dir", "run", "--address", ray_address, "--json"
    )
    assert outcome.status == 0, outcome.err
    trials = outcome.document["trials"]
    assert [trial["status"] for trial in trials] == ["completed"] * len(families)
    if len(families) > 1:
        assert [trial["configuration"]["model"] for trial in trials] == families
    objective = SEARCHES[kind]["objective"]
    winner = outcome.document["winner"]
    assert winner["values"][objective] in [trial["values"][objective] for trial in trials]
    assert winner["test"][objective.replace("val/", "test/")] is not None
    has_pictures = any((tmp_path / "run" / "winner").rglob("*.png"))
    assert has_pictures == (kind in ("densities", "graphs"))
