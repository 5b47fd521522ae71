"""What is the winner made of, and what does it get wrong on validation data?

The model that is looked at is that of the search, at the winner's best epoch: the one in `winner/`
may have been trained on the validation data, too, and would look better than it is. Loads torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from raysearch.errors import RaysearchError
from raysearch.results.found import Found
from raysearch.results.messages import phrase
from raysearch.results.selection import best_checkpoint, checkpoint_fault
from raysearch.training.jobs import job_for
from raysearch.trial import Trial

if TYPE_CHECKING:
    from raysearch.training.inspecting import Inspected


def inspect_winner(found: Found, winner: Trial) -> Inspected | str:
    """Return what was seen of the winner's model, or a phrase that says why it cannot be seen."""
    if found.kind_of(winner) == "function":
        return "a function trains by itself, and only its own code can open what it made"
    fault = checkpoint_fault(winner, objective=found.objective, run_dir=found.run_dir)
    checkpoint = best_checkpoint(winner, objective=found.objective)
    if fault is not None or checkpoint is None:
        return fault or "its checkpoint is not kept"
    try:
        from raysearch.training.inspecting import inspect

        job = job_for(found.experiment, winner, run_dir=found.run_dir.path)
        path = found.run_dir.fetched(checkpoint.path).absolute()
        return inspect(job, checkpoint=str(path))
    except RaysearchError as error:
        return phrase(error)
    except Exception as error:  # noqa: BLE001 - whatever the user's model raises as it is built
        return f"it raised {type(error).__name__}: {phrase(error)}"
