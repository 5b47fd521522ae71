"""What is minimised and measured where the answer is a sequence of symbols?

A family derives from `SequenceModule` once, spells out its constructor's arguments, and hands over
a network (`decoding.SequenceNetwork`):

    class Seq2Seq(SequenceModule):
        def __init__(self, *, input_shape, n_outputs, task="seq2seq", target_length, ...):
            super().__init__()
            self.save_hyperparameters()
            check_arguments(self.hparams, owner="Seq2Seq", legal_domains=legal_domains)
            self.answer_with(
                Seq2SeqNetwork(select(Seq2SeqDesign, self.hparams)),
                settings=select(SequenceSettings, self.hparams),
            )

Training is by teacher forcing: each next symbol of the target is predicted from those before it in
the target (Williams and Zipser, "A Learning Algorithm for Continually Running Fully Recurrent
Neural Networks", 1989).

Shapes:
    inputs, lengths: as `DataSpec.form` says; lengths where the data have them
    targets: (B, L) int64, `END` behind the last symbol and `PADDING` behind that
    logits: (B, L, K) unnormalised log-probabilities
    B batch, L steps of the target, K symbols of the target's vocabulary
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F
from torchmetrics import Metric

from raysearch.data_spec import BEGIN, PADDING
from raysearch.errors import ConfigurationError
from raysearch.models.shared.arguments import SequenceSettings
from raysearch.models.shared.decoding import (
    Decoded,
    SequenceNetwork,
    answers,
    most_probable,
)
from raysearch.models.shared.module import Batch, FamilyModule
from raysearch.models.shared.supervised import SupervisedModule
from raysearch.trial import Value


class SequenceModule(SupervisedModule):
    """The steps of a family whose network answers with sequences, and how it answers.

    A family that may also learn classes and numbers calls `learn` instead of `answer_with` where it
    does, with a network that is no `SequenceNetwork`: all steps are then those of
    `SupervisedModule`.
    """

    def answer_with(self, network: SequenceNetwork, *, settings: SequenceSettings) -> None:
        """Take the network, and make the metrics; called once, by the constructor."""
        self.set_up(network=network, settings=settings, scores=SequenceScores)
        self._label_smoothing = settings.label_smoothing
        self._target_length = settings.target_length

    def forward(self, *inputs: Tensor) -> Tensor:
        """Return the symbols (B, L) that greedy decoding writes for a batch of inputs."""
        return super().forward(*inputs) if self._writer is None else self.answers(*inputs).symbols

    def hyperparameters_in_use(self) -> dict[str, Value]:
        """Return what may change from fit to fit; see `FamilyModule`."""
        if self._writer is None:
            return super().hyperparameters_in_use()
        found = FamilyModule.hyperparameters_in_use(self)
        return {**found, "label_smoothing": self._label_smoothing}

    def answers(self, *inputs: Tensor, beam_width: int = 1) -> Decoded:
        """Return the symbols for a batch of inputs, with how probable they are.

        Args:
            inputs: Inputs, and their lengths if they have them.
            beam_width: Beginnings that a beam search keeps; 1 decodes greedily.

        Raises:
            ConfigurationError: The network does not answer with sequences.
        """
        if self._writer is None:
            raise ConfigurationError(
                f"This {type(self).__name__} is for {self.hparams['task']} and writes no "
                "sequences. Call it for its outputs, or train one on data whose task is seq2seq."
            )
        return answers(self._writer, inputs, length=self._target_length, beam_width=beam_width)

    def training_loss(self, batch: Batch) -> Tensor:
        """Return what is minimised, (): the mean over the symbols of the batch."""
        if self._writer is None:
            return super().training_loss(batch)
        return sequence_loss(self._writer, batch, label_smoothing=self._label_smoothing)

    def n_terms(self, batch: Batch) -> int | Tensor:
        """Return how many symbols the loss of a batch is the mean of."""
        return super().n_terms(batch) if self._writer is None else (batch[-1] != PADDING).sum()

    def measure(self, batch: Batch, scores: Metric) -> None:
        """Add a batch to the metrics of validation or test."""
        if self._writer is None:
            super().measure(batch, scores)
        else:
            measure_sequences(self._writer, batch, scores)

    @property
    def _writer(self) -> SequenceNetwork | None:
        """The network, if it writes sequences."""
        return self.network if isinstance(self.network, SequenceNetwork) else None


class SequenceScores(Metric):
    """All metrics of sequences, as sums over the examples so far, from all devices together.

    A greedily decoded answer equals its target exactly where each symbol of the target is the most
    probable one after those before it in the target. So what teacher forcing gave says which
    answers match, and nothing needs to be decoded.

    Example:
        >>> scores = SequenceScores()
        >>> targets = torch.tensor([[4, 2, 0], [5, 4, 2]])
        >>> logits = F.one_hot(torch.tensor([[4, 2, 5], [5, 5, 2]]), 6).float()
        >>> scores.update(logits, targets)
        >>> scores.compute()["exact_match"], scores.compute()["token_accuracy"]
        (tensor(0.5000), tensor(0.8000))
    """

    full_state_update = False
    n_examples: Tensor
    n_matches: Tensor
    n_symbols: Tensor
    n_right: Tensor
    loss: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name in ("n_examples", "n_matches", "n_symbols", "n_right"):
            self.add_state(name, default=torch.tensor(0), dist_reduce_fx="sum")
        self.add_state("loss", default=torch.tensor(0.0), dist_reduce_fx="sum")

    def update(self, logits: Tensor, targets: Tensor) -> None:
        """Add a batch: logits (B, L, K) float32 given the symbols before, and targets (B, L)."""
        is_symbol = targets != PADDING
        is_right = most_probable(logits) == targets
        self.n_examples += len(targets)
        self.n_matches += (is_right | ~is_symbol).all(1).sum()
        self.n_symbols += is_symbol.sum()
        self.n_right += (is_right & is_symbol).sum()
        self.loss += F.cross_entropy(
            logits.flatten(0, 1), targets.flatten(), ignore_index=PADDING, reduction="sum"
        )

    def compute(self) -> dict[str, Tensor]:
        """Return every metric under its name without a split, ()."""
        loss = self.loss / self.n_symbols
        return {
            "exact_match": self.n_matches / self.n_examples,
            "token_accuracy": self.n_right / self.n_symbols,
            "perplexity": loss.exp(),
            "loss": loss,
        }


def sequence_loss(network: SequenceNetwork, batch: Batch, *, label_smoothing: float) -> Tensor:
    """Return the mean cross-entropy of the batch's symbols in nats, (), by teacher forcing.

    Args:
        network: What writes the sequences.
        batch: Inputs, their lengths if they have them, and targets (B, L).
        label_smoothing: Share of the uniform distribution in the target of each symbol, in [0, 1].
    """
    *inputs, targets = batch
    targets = trimmed(targets)
    logits = network(*inputs, previous=previous_of(targets))
    return F.cross_entropy(
        logits.flatten(0, 1),
        targets.flatten(),
        ignore_index=PADDING,
        label_smoothing=label_smoothing,
    )


def measure_sequences(network: SequenceNetwork, batch: Batch, scores: Metric) -> None:
    """Add a batch to `SequenceScores`; the network is in evaluation mode."""
    *inputs, targets = batch
    targets = trimmed(targets)
    scores.update(network(*inputs, previous=previous_of(targets)).float(), targets)


def trimmed(targets: Tensor) -> Tensor:
    """Return targets (B, L) without the steps at which all rows have padding.

    Example:
        >>> trimmed(torch.tensor([[4, 2, 0, 0], [2, 0, 0, 0]])).tolist()
        [[4, 2], [2, 0]]
    """
    return targets[:, : int((targets != PADDING).sum(1).max())]


def previous_of(targets: Tensor) -> Tensor:
    """Return what a decoder is given for targets (B, L): the same, moved by one behind `BEGIN`.

    Example:
        >>> previous_of(torch.tensor([[4, 5, 2], [4, 2, 0]])).tolist()
        [[1, 4, 5], [1, 4, 2]]
    """
    return torch.cat([torch.full_like(targets[:, :1], BEGIN), targets[:, :-1]], dim=1)
