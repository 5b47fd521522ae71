"""Which metrics does a built-in family log, and which direction of each is better?

Known without torch, so that an objective that no family logs is refused before anything starts.

Every metric is logged once per epoch, under its name with the split in front: "val/accuracy". For
validation and test that is all of the task's metrics; for training the loss alone.

`train/loss` is what is optimised, label smoothing, focal weighting, class weights or Huber's
threshold included, as the mean over the epoch's examples. `val/loss` and `test/loss` are always the
plain loss of the task, whatever is optimised: mean cross-entropy in nats, or mean squared error.
Only so can trials with different losses be compared by them. `log_loss` is the same cross-entropy
under the name by which it is known elsewhere.

Precision, recall and F1 are macro averages: the plain mean over the classes that occur among the
targets or the predictions, where a class that was never predicted counts as precision 0. Balanced
accuracy is the mean recall of the classes that occur among the targets.

AUROC (area under the receiver operating characteristic) and average precision rate the order in
which a model ranks examples, so they do not depend on a threshold. With two classes the second one
is what is looked for. With more, each class is told from the rest, and the mean is over the classes
that can be rated: for AUROC there must be examples of the class and others, for average precision
examples of the class. Where there is none to rate, AUROC is 0.5, the value of guessing, and average
precision 0. Both are not finite where the model's outputs are not.

Of sequences, an exact match is a target that is given back in full, `END` included, when the model
decodes it greedily from nothing but the input. Token accuracy, perplexity and `loss`, the mean
cross-entropy of a symbol in nats, are of each next symbol given those before it in the target, over
all symbols of a split, `END` included. Bits per dimension are the bits that the model needs for an
example, divided by the numbers in it; `loss` is the same in nats. Where the model has a bound
instead of a likelihood, they are of the bound.

RMSE and MAE are in the data's own unit, `loss` in the unit of the targets in a batch, which tables
standardise (`DataSpec.target_scale`). They are means over examples and over target values; R2 is
the mean over target values.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from raysearch.data_spec import Task
from raysearch.trial import Direction

LOGGED: Mapping[Task, Mapping[str, Direction]] = MappingProxyType(
    {
        "classification": MappingProxyType(
            {
                "accuracy": "maximize",
                "balanced_accuracy": "maximize",
                "precision": "maximize",
                "recall": "maximize",
                "f1": "maximize",
                "auroc": "maximize",
                "average_precision": "maximize",
                "log_loss": "minimize",
                "loss": "minimize",
            }
        ),
        "regression": MappingProxyType(
            {
                "rmse": "minimize",
                "mae": "minimize",
                "r2": "maximize",
                "loss": "minimize",
            }
        ),
        "seq2seq": MappingProxyType(
            {
                "exact_match": "maximize",
                "token_accuracy": "maximize",
                "perplexity": "minimize",
                "loss": "minimize",
            }
        ),
        "density": MappingProxyType({"bits_per_dim": "minimize", "loss": "minimize"}),
    }
)
"""Task -> metric, without its split -> which direction is better: those of every family for it. A
family's `space` may name more of its own, as `METRICS`."""


def logged_metrics(task: Task) -> dict[str, Direction]:
    """Return the full names of all that every built-in family logs, with directions.

    Example:
        >>> logged_metrics("regression")["val/rmse"]
        'minimize'
        >>> [name for name in logged_metrics("classification") if name.startswith("train/")]
        ['train/loss']
    """
    evaluated: dict[str, Direction] = {
        f"{split}/{name}": direction
        for split in ("val", "test")
        for name, direction in LOGGED[task].items()
    }
    return {"train/loss": "minimize", **evaluated}
