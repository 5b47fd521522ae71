"""How does one network learn from another? Its outputs are drawn to what the other one computes.

To the usual loss comes how far its outputs are from those of the larger network, or of the one that
it was made of. Of a classification these are its probabilities, softened, and their divergence; of
anything else the outputs, and their mean squared difference.

References:
    Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", 2015.
    Ba and Caruana, "Do Deep Nets Really Need to be Deep?", NeurIPS 2014 (outputs that are numbers).
    Polino, Pascanu and Alistarh, "Model Compression via Distillation and Quantization", ICLR 2018
    (by the network itself, before it was made smaller).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from raysearch.compression.subject import Subject
from raysearch.errors import Unsupported
from raysearch.training.trained import open_trained

TEMPERATURE = 4.0
"""What the outputs of a classifier are divided by before they become probabilities."""
WEIGHT = 0.7
"""How much the teacher counts in the loss; the data count for the rest."""


class Lesson:
    """Adds to a student's loss how far its outputs are from its teacher's.

    Args:
        student: A LightningModule whose training step calls its forward once.
        teacher: One whose forward takes the same inputs.
        is_classifier: Whether outputs (B, K) are unnormalised log-probabilities.
        is_needed: Whether a training step that does not call its forward once for one tensor is
            refused; else its loss stays as it is.
    """

    def __init__(
        self, student: Any, *, teacher: Any, is_classifier: bool, is_needed: bool = True
    ) -> None:
        self._student, self._teacher = student, teacher
        self._is_classifier, self._is_needed = is_classifier, is_needed
        self._seen: list[tuple[tuple[Any, ...], Any]] = []
        self._hook: Any = None

    def __enter__(self) -> None:
        """Let the training step return the loss of both."""
        self._teacher.eval()
        step = self._student.training_step
        is_by_hand = not getattr(self._student, "automatic_optimization", True)

        def training_step(*args: Any, **kwargs: Any) -> Any:
            self._seen.clear()
            returned = step(*args, **kwargs)
            is_untaught = is_by_hand or returned is None or not self._can_be_taught()
            if not self._is_needed and is_untaught:
                return returned
            return _with_loss(returned, added=self._apart())

        self._student.training_step = training_step
        self._hook = self._student.register_forward_hook(
            lambda module, args, out: self._seen.append((args, out))
        )

    def __exit__(self, *_: object) -> None:
        """Let it be as it was."""
        self._student.__dict__.pop("training_step", None)
        if self._hook is not None:
            self._hook.remove()

    def _has_outputs(self) -> bool:
        return len(self._seen) == 1 and isinstance(self._seen[0][1], Tensor)

    def _can_be_taught(self) -> bool:
        """Return whether there are outputs, and those of a classifier are of several classes."""
        if not self._has_outputs():
            return False
        outputs = self._seen[0][1]
        return not self._is_classifier or (outputs.ndim >= 2 and outputs.shape[1] > 1)

    def _apart(self) -> Tensor:
        if not self._has_outputs():
            raise Unsupported(
                f"the training_step of {type(self._student).__name__} does not call its forward "
                "once for one tensor, so it cannot learn from another network"
            )
        (args, outputs) = self._seen[0]
        self._teacher.to(outputs.device)  # Lightning moves the student alone
        with torch.no_grad():
            taught = self._teacher(*args)
        if self._is_classifier and self._can_be_taught():
            return divergence(outputs, taught)
        return F.mse_loss(outputs, taught)


def divergence(outputs: Tensor, taught: Tensor) -> Tensor:
    """Return how far softened probabilities are from those that are taught, ().

    Times the square of the temperature, so that its gradient does not depend on that.

    Example:
        >>> same = torch.tensor([[1.0, 2.0, 3.0]])
        >>> float(divergence(same, same))
        0.0
    """
    softened = F.log_softmax(outputs / TEMPERATURE, dim=1)
    targets = F.log_softmax(taught / TEMPERATURE, dim=1)
    return F.kl_div(softened, targets, reduction="batchmean", log_target=True) * TEMPERATURE**2


def _with_loss(returned: Any, *, added: Tensor) -> Any:
    """Return what a training step returned, with both losses in their shares."""
    if isinstance(returned, Mapping):
        return {**returned, "loss": (1 - WEIGHT) * returned["loss"] + WEIGHT * added}
    return (1 - WEIGHT) * returned + WEIGHT * added


def lesson_for(subject: Subject, student: Any, *, is_needed: bool) -> Lesson | None:
    """Return how a network learns from the one that it was made of; None if it need not and cannot.

    Args:
        subject: The trained model, which is opened again as the teacher.
        student: What was made of it, to be trained.
        is_needed: Whether it knows nothing without.
    """
    task = _task(subject)
    if not is_needed and task not in ("classification", "regression"):
        return None
    teacher = open_trained(subject.job, subject.checkpoint).model
    is_classifier = task == "classification"
    return Lesson(student, teacher=teacher, is_classifier=is_classifier, is_needed=is_needed)


def _task(subject: Subject) -> str | None:
    task = subject.job.model_arguments.get("task")
    spec = subject.found.experiment.data_spec
    return task or (None if spec is None else spec.task)
