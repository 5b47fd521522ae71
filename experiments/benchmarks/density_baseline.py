"""How many bits does a digit need if each pixel is drawn on its own, and how many after a search?

    python experiments/benchmarks/density_baseline.py [RUN ...] [--seed 0]

The baseline gives each pixel the shares of its 17 levels in the training split. How much they are
smoothed is chosen on the validation split; for the test, both splits are counted, as a refit does.
Prints one line of JSON for the baseline, in bits per dimension, and then, for each run directory of
a search for densities of the digits, one for the best trial of each kind of model, and one for the
winner on the test split, if it was tested. `saved` is the share of the baseline's bits that is not
needed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import Any

from raysearch.results import Results
from raysearch.trial import Configuration

METRIC = "bits_per_dim"
SMOOTHINGS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)


def main() -> None:
    """Print the baseline, and what searches found beside it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="*", metavar="RUN", help="run directories to compare with it")
    parser.add_argument("--seed", type=int, default=0, help="of the split, that of the experiments")
    arguments = parser.parse_args()
    baseline = bits_of_baseline(seed=arguments.seed)
    print(json.dumps({"kind": "per-pixel categorical", **baseline}), flush=True)
    for run in arguments.runs:
        for line in lines_of(Results.open(run), baseline=baseline):
            print(json.dumps({"run": run, **line}), flush=True)


def bits_of_baseline(*, seed: int) -> dict[str, float]:
    """Return the baseline's bits per dimension on both splits, and its smoothing."""
    import torch  # here, so that --help answers at once

    from raysearch.data.digits.module import Data
    from raysearch.models.shared.densities import PixelCategorical, bits_per_dim

    data = Data(batch_size=64, seed=seed, task="density")
    data.prepare_data()
    train = data.train_dataloader().tensors[0]
    validation, test = (
        loader.tensors[0] for loader in (data.val_dataloader(), data.test_dataloader())
    )

    def bits(counted: Any, told: Any, *, smoothing: float) -> float:
        baseline = PixelCategorical(counted, n_levels=data.spec.n_outputs, smoothing=smoothing)
        return bits_per_dim(baseline.nats(told).mean(), n_dims=data.spec.n_inputs).item()

    by_smoothing = {s: bits(train, validation, smoothing=s) for s in SMOOTHINGS}
    smoothing = min(by_smoothing, key=lambda s: by_smoothing[s])
    both = torch.cat([train, validation])
    return {
        f"val/{METRIC}": round(by_smoothing[smoothing], 4),
        f"test/{METRIC}": round(bits(both, test, smoothing=smoothing), 4),
        "smoothing": smoothing,
    }


def lines_of(results: Results, *, baseline: dict[str, float]) -> Iterator[dict[str, Any]]:
    """Yield the best trial of each kind on the validation split, and the winner on the test."""
    best: dict[str, dict[str, Any]] = {}
    for trial in results.ranking():  # best first
        value = trial.value(results.objective)
        line = {"kind": kind_of(trial.configuration), "trial": trial.id}
        best.setdefault(line["kind"], {**line, **saved("val", value, baseline=baseline)})
    yield from best.values()
    tested = results.test_outcome.values
    if results.winner is not None and tested is not None:
        kind = kind_of(results.winner.configuration)
        told = saved("test", tested[f"test/{METRIC}"], baseline=baseline)
        yield {"kind": kind, "trial": results.winner.id, **told}


def kind_of(configuration: Configuration) -> str:
    """Return what kind of model a configuration is of; an autoencoder has none of these keys."""
    kinds = [value for key, value in configuration.items() if key in ("kind", "generative.kind")]
    return str(kinds[0]) if kinds else "vae"


def saved(split: str, value: float | None, *, baseline: dict[str, float]) -> dict[str, Any]:
    """Return a value, and the share of the baseline's that is not needed."""
    name = f"{split}/{METRIC}"
    share = None if value is None else round(1 - value / baseline[name], 4)
    return {name: None if value is None else round(value, 4), "saved": share}


if __name__ == "__main__":
    main()
