"""How is an evolved graph trained? The family `graph` as a Lightning module."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from raysearch.data_spec import Task
from raysearch.models.graph.drawing import draw_graph
from raysearch.models.graph.network import GraphDesign, GraphNetwork
from raysearch.models.graph.space import legal_domains, minimal_graph
from raysearch.models.shared.arguments import (
    TrainingSettings,
    check_arguments,
    default_loss,
    plain_counts,
    plain_shape,
    select,
)
from raysearch.models.shared.module import Batch
from raysearch.models.shared.supervised import SupervisedModule


class EvolvedGraph(SupervisedModule):
    """An evolved graph with its training, for examples of any shape, and rows of tables.

    All values outside the ranges below raise a `ConfigurationError`. A parameter of another
    optimiser, schedule or loss than the chosen one has no effect.

    Args:
        input_shape: Shape of one example without the batch; all dimensions are flattened.
        n_outputs: Classes (at least 2), or target values per example.
        task: "classification" or "regression".
        cardinalities: Of rows of a table: how many categories each of the last columns has; these
            hold the categories' numbers, counted from 0. Each category is an input of the graph.
        graph: Topology and first weights: the text of a genome, see `raysearch.space.genome`. None
            is the minimal graph, which has no hidden nodes and begins at 0.
        train: "gradient"; or "none": the weights stay as the graph has them, and are only measured.
        optimizer: "adamw", "nadam" or "sgd" (with Nesterov momentum).
        learning_rate: The largest of the schedule, above 0. The default suits adamw; sgd wants
            ten times as much.
        momentum: Of sgd, 0 to 0.999.
        weight_decay: Of the connections' weights, at least 0; biases do not decay.
        schedule: "constant", "cosine" (to zero) or "one_cycle", stepped every optimiser step over
            all steps of the fit.
        warmup_fraction: Of "constant" and "cosine": share of all steps in which the rate rises
            linearly, 0 to 0.9.
        loss: "cross_entropy" or "focal"; for regression "mse", "huber" or "mae". None is the first
            of these.
        label_smoothing: Of cross_entropy, 0 to 1.
        focal_gamma: Of focal, at least 0.
        huber_delta: Of huber, above 0, in units of the target.
        class_weighting: Of classification, 0 to 1: the weight of class c in the loss is in
            proportion to n_c to the power of minus this. 0 is none; 1 lets all classes together
            count the same. Above 0 it needs class_counts.
        class_counts: Training examples n_c of each class; empty where they are not known.
        target_scale: Of regression: what 1 in the targets is in the data's own unit, in which RMSE
            and MAE are logged.

    Example:
        >>> import torch
        >>> graph = EvolvedGraph(input_shape=[1, 8, 8], n_outputs=10)
        >>> graph(torch.zeros(5, 1, 8, 8)).shape
        torch.Size([5, 10])
    """

    network: GraphNetwork

    def __init__(
        self,
        *,
        input_shape: Sequence[int],
        n_outputs: int,
        task: Task = "classification",
        cardinalities: Sequence[int] = (),
        graph: str | None = None,
        train: str = "gradient",
        optimizer: str = "adamw",
        learning_rate: float = 5e-3,
        momentum: float = 0.9,
        weight_decay: float = 1e-2,
        schedule: str = "cosine",
        warmup_fraction: float = 0.0,
        loss: str | None = None,
        label_smoothing: float = 0.0,
        focal_gamma: float = 2.0,
        huber_delta: float = 1.0,
        class_weighting: float = 0.0,
        class_counts: Sequence[int] = (),
        target_scale: float = 1.0,
    ) -> None:
        super().__init__()
        input_shape = plain_shape(input_shape)
        class_counts, cardinalities = plain_counts(class_counts), plain_counts(cardinalities)
        loss = default_loss(task) if loss is None else loss
        if graph is None:
            graph = minimal_graph(input_shape, n_outputs, cardinalities=cardinalities)
        # Every argument, as plain JSON values: a checkpoint is opened with nothing else.
        self.save_hyperparameters()
        check_arguments(self.hparams, owner="EvolvedGraph", legal_domains=legal_domains)
        self._is_trained = train == "gradient"
        settings = select(TrainingSettings, self.hparams)
        if not self._is_trained:
            settings = replace(settings, learning_rate=0.0, weight_decay=0.0, schedule="constant")
        self.learn(network=GraphNetwork(select(GraphDesign, self.hparams)), settings=settings)

    def training_loss(self, batch: Batch) -> Tensor:
        """Return what is minimised, (): the mean over the batch; see `FamilyModule`.

        Where the graph is only measured, the loss has the gradient 0 in every weight.
        """
        if self._is_trained:
            return super().training_loss(batch)
        with torch.no_grad():
            loss = super().training_loss(batch)
        return loss + 0.0 * sum(parameter.sum() for parameter in self.network.parameters())

    def learnt_parameters(self) -> dict[str, str]:
        """Return the graph with the weights that training left, as a value of `graph`.

        A searcher may pass it on to what it breeds from this trial. Empty where nothing is trained,
        or a weight is not finite.
        """
        is_finite = all(bool(p.isfinite().all()) for p in self.network.parameters())
        return {"graph": self.network.genome().text} if self._is_trained and is_finite else {}

    def pictures(self, inputs: Tensor) -> dict[str, Tensor]:
        """Return a drawing of the graph with the weights that it has now; see `drawing`."""
        return {"graph": draw_graph(self.network.genome())}
