"""Where do the seconds of an epoch go in a worker: forward, backward, optimiser, and what else?

    python -m speed.worker LOOP EPOCHS

Run by `phases` as a process of its own: one fixed configuration, without Ray, one thread; prints
one JSON document. Classes of torch are wrapped, not the model, so that the lean loop serves as it
does in a search.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
from torch import nn

from raysearch.experiment import load
from raysearch.training import fit, reporter
from raysearch.training.jobs import job_for
from raysearch.training.run import train
from raysearch.training.warmup import prepare_process
from raysearch.trial import Trial
from speed.plan import EXPERIMENT, rounded, temporary
from speed.stopwatch import Stopwatch

PARTS = ("forward", "backward", "optimiser", "validation's forward", "checkpoint")


def main() -> None:
    """Train the default configuration, and print the shares of its epochs but the first."""
    loop, epochs = sys.argv[1], int(sys.argv[2])
    experiment = load(EXPERIMENT, [f"loop={loop}", f"fidelity.max_epochs={epochs}"])
    trial = Trial(id="0000", number=0, configuration=experiment.space.default())
    torch.set_num_threads(1)
    watch, trainers = Stopwatch(), []
    with temporary() as folder:
        job = job_for(experiment, trial, run_dir=Path(folder))
        prepare_process(job)
        _watch_torch(watch)
        _keep_trainer(trainers)
        watch.watch(reporter, "add_checkpoint", name="checkpoint")
        seen: list[tuple[float, dict[str, float]]] = []

        def report(found: Any) -> bool:
            seen.append((found.measurement.seconds, dict(watch.seconds)))
            return True

        train(job, report=report)
    (first_s, before), (last_s, after) = seen[0], seen[-1]
    spent = {part: after.get(part, 0.0) - before.get(part, 0.0) for part in PARTS}
    document = _document(spent, total_s=last_s - first_s, epochs=len(seen) - 1)
    checkpoints = watch.calls.get("checkpoint", 0)
    per_write_s = watch.seconds.get("checkpoint", 0.0) / max(1, checkpoints)
    served = getattr(trainers[0].fit_loop.epoch_loop, "n_served", 0) / trainers[0].global_step
    more = {"checkpoints": checkpoints, "s per checkpoint": rounded(per_write_s)}
    print(json.dumps({"loop": loop, "served lean": rounded(served), **document, **more}))


def _document(spent: dict[str, float], *, total_s: float, epochs: int) -> dict[str, Any]:
    """Return seconds an epoch, and the share of each part, with all that is left as the rest."""
    spent["rest"] = total_s - sum(spent.values())
    return {
        "epochs": epochs,
        "s per epoch": rounded(total_s / epochs),
        "ms per epoch": {part: rounded(1000 * s / epochs) for part, s in spent.items()},
        "share": {part: rounded(s / total_s) for part, s in spent.items()},
    }


def _watch_torch(watch: Stopwatch) -> None:
    def kind() -> str:
        return "forward" if torch.is_grad_enabled() else "validation's forward"

    nn.Sequential.__call__ = watch.timed(nn.Sequential.__call__, kind)
    loss = torch.nn.functional.cross_entropy
    torch.nn.functional.cross_entropy = watch.timed(loss, kind)
    watch.watch(torch.Tensor, "backward", name="backward")
    watch.watch(torch.optim.AdamW, "zero_grad", name="optimiser")
    torch.optim.AdamW.step = _without_closure(torch.optim.AdamW.step, watch=watch)


def _without_closure(step: Any, *, watch: Stopwatch) -> Any:
    """Return a `step` that counts its own time, without the closure's in it."""
    inside = Stopwatch()

    def counted(self: Any, closure: Any = None) -> Any:
        inside.seconds.clear()
        timed = inside.timed(closure, lambda: "closure") if closure else None
        outer = Stopwatch()
        result = outer.timed(step, lambda: "step")(self, timed)
        watch.add("optimiser", outer.seconds["step"] - inside.seconds.get("closure", 0.0))
        return result

    return counted


def _keep_trainer(trainers: list[Any]) -> None:
    make = fit.make_trainer

    def kept(*args: Any, **kwargs: Any) -> Any:
        trainers.append(make(*args, **kwargs))
        return trainers[-1]

    fit.make_trainer = kept


if __name__ == "__main__":
    main()
