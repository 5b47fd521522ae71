"""What are the metrics of a trained model on one split, and what became of each example?

evaluate(job, checkpoint="runs/mine/trials/0007/epoch-0009.ckpt", split="test")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from raysearch.errors import Unsupported
from raysearch.training.allowed import allowed_only
from raysearch.training.building import Parts, build
from raysearch.training.examining import collecting
from raysearch.training.isolation import isolated
from raysearch.training.job import TrainingJob
from raysearch.training.loggers import unlogged
from raysearch.training.measuring import read_metrics
from raysearch.training.outcomes import Examined
from raysearch.training.ranks import joined
from raysearch.training.reducing import log_for_all
from raysearch.training.served import SUFFIX, OnnxForward
from raysearch.training.trainers import make_trainer


def evaluate(
    job: TrainingJob, *, checkpoint: str, split: Literal["validation", "test"]
) -> Mapping[str, float | None]:
    """Return the metrics of a checkpoint on one split; see `examine`."""
    return examine(job, checkpoint=checkpoint, split=split).values


def examine(job: TrainingJob, *, checkpoint: str, split: Literal["validation", "test"]) -> Examined:
    """Return the metrics of a checkpoint on one split, and what became of each example.

    Args:
        job: Says which model and data. Of several ranks, each evaluates its share of the examples,
            and all return the same.
        checkpoint: Path of a checkpoint that the job's model wrote; or of an ONNX file that was
            made of it, which onnxruntime then computes in the place of the model's forward.
        split: What to evaluate on.

    Raises:
        ConfigurationError: A class cannot be loaded.
        Unsupported: The model has no step for the split, or the data module no loader; or, of an
            ONNX file, the step does not go through forward.
        TrialFailed: The checkpoint holds more than tensors, plain values and what
            the job allows.
    """
    with isolated(threads=job.threads), joined(job) as peers:
        parts = build(job)
        _check_split(parts, split=split)
        collects = collecting(parts.namespace, arguments=job.model_arguments)
        trainer = make_trainer(unlogged(job), namespace=parts.namespace, last=(collects,))
        if job.rank is not None:
            log_for_all(parts.model, trainer=trainer)
        run = trainer.validate if split == "validation" else trainer.test
        if checkpoint.endswith(SUFFIX):
            _run_served(run, parts, path=checkpoint, threads=job.threads)
        else:
            with allowed_only(checkpoint, allow=job.allow):
                run(
                    parts.model,
                    datamodule=parts.data,
                    ckpt_path=checkpoint,
                    verbose=False,
                    weights_only=True,
                )
        values, _ = read_metrics(trainer.callback_metrics)
        outcomes = collects.outcomes(peers)
        return Examined(values=values, outcomes=outcomes, reason=collects.reason)


def _run_served(run: Callable[..., Any], parts: Parts, *, path: str, threads: int) -> None:
    """Evaluate with what an ONNX file computes in the place of the model's forward."""
    forward = parts.model.forward = OnnxForward(path, threads=threads)
    run(parts.model, datamodule=parts.data, verbose=False)
    if not forward.n_calls:
        raise Unsupported(
            f"the steps of {type(parts.model).__name__} do not call its forward, so what "
            f"{Path(path).name} computes cannot be measured by them"
        )


def _check_split(parts: Parts, *, split: Literal["validation", "test"]) -> None:
    """Raise if the split cannot be evaluated; whether its loader is empty shows when it is made."""
    step, method = (
        f"{split}_step",
        {"validation": "val_dataloader"}.get(split, f"{split}_dataloader"),
    )
    if not parts.namespace.overrides(parts.model, step):
        raise Unsupported(f"the model has no {step}")
    if not parts.namespace.overrides(parts.data, method):
        raise Unsupported(f"the data module has no {method}")
    make = getattr(parts.data, method)

    def checked() -> Any:
        loaders = make()
        if loaders is None or _is_empty(loaders):
            found = "None" if loaders is None else "nothing"
            raise Unsupported(f"{method} of the data module returns {found}")
        return loaders

    setattr(parts.data, method, checked)


def _is_empty(loaders: Any) -> bool:
    try:
        return len(loaders) == 0
    except TypeError:
        return False  # of unknown length
