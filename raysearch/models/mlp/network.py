"""What does a multilayer perceptron compute?

Each hidden layer is linear - normalisation - activation - dropout, and a linear layer follows the
last. Residual connections lead around every linear layer between two hidden layers, from before the
normalisation in front of it: the sum they run along has no activation on it ("pre-activation"). A
network with a single hidden layer has nothing to lead around, and is the same with and without.
With dense connections each hidden layer, and the output, reads what all hidden layers before it
gave, again from before their normalisations.

Categories, which stand in the last columns of a table's rows as numbers, are first replaced by
vectors that are learnt, one table of vectors for each column.

Shapes:
    x: (B, ...) float32
    returns: (B, K) float32
    B batch, F numbers in one example, of which the last C are categories, D sizes of all
    embeddings, W width of the hidden layers, K outputs

References:
    Guo and Berkhahn, "Entity Embeddings of Categorical Variables", 2016.
    He et al., "Identity Mappings in Deep Residual Networks", ECCV 2016 (pre-activation).
    Huang et al., "Densely Connected Convolutional Networks", CVPR 2017 (dense connections).
    Gorishniy et al., "Revisiting Deep Learning Models for Tabular Data", NeurIPS 2021 (such
    networks as strong baselines on tables).
    Srivastava et al., "Dropout", JMLR 2014.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from raysearch.models.shared.layers import (
    activation,
    initialize,
    shrink_branches,
    vector_norm,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MLPDesign:
    """An architecture; the same names and meanings as in the constructor of `MLP`."""

    input_shape: list[int]
    n_outputs: int
    cardinalities: list[int]
    embedding_factor: float
    depth: int
    width: int
    connections: str
    normalization: str
    activation: str
    dropout: float


def embedding_size(n_categories: int, *, factor: float) -> int:
    """Return the length of the vectors for a column with so many categories.

    That is `factor` times 1.6 n^0.56, rounded, at least 1 and at most 600: the rule of fastai,
    fitted to what worked on many tables. Guo and Berkhahn only say: between 1 and n - 1.

    Example:
        >>> [embedding_size(n, factor=1.0) for n in (2, 10, 100, 10_000)]
        [2, 6, 21, 278]
        >>> embedding_size(10, factor=0.25)
        1
    """
    size: float = factor * 1.6 * n_categories**0.56
    return max(1, min(600, round(size)))


class Embeddings(nn.Module):
    """Replaces the last C columns by vectors: (B, F) to (B, F - C + D).

    The vectors of a column start with a squared length of about 1, as a standardised number has.
    That of category 0, which stands for whatever was not seen in training, starts at zero.
    """

    def __init__(self, design: MLPDesign) -> None:
        super().__init__()
        sizes = [embedding_size(n, factor=design.embedding_factor) for n in design.cardinalities]
        self.n_numbers = design.input_shape[0] - len(sizes)
        self.n_outputs = self.n_numbers + sum(sizes)
        self.tables = nn.ModuleList(
            _table(n, size=size) for n, size in zip(design.cardinalities, sizes, strict=True)
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the numbers of `x`, followed by the vectors of its categories."""
        # (B, F) -> (C, B), the categories' numbers
        categories = x[:, self.n_numbers :].long().unbind(1)
        vectors = [table(numbers) for table, numbers in zip(self.tables, categories, strict=True)]
        return torch.cat([x[:, : self.n_numbers], *vectors], dim=1)


def _table(n_categories: int, *, size: int) -> nn.Embedding:
    table = nn.Embedding(n_categories, size)
    nn.init.normal_(table.weight, std=1 / math.sqrt(size))
    table.weight.data[0] = 0.0
    return table


class Nonlinearity(nn.Sequential):
    """Normalisation - activation - dropout, which keep the shape (B, `width`)."""

    def __init__(self, width: int, *, design: MLPDesign) -> None:
        super().__init__(
            vector_norm(design.normalization, width),
            activation(design.activation),
            nn.Dropout(design.dropout),
        )


class Residual(nn.Module):
    """A branch with a shortcut around it: (B, W) to (B, W)."""

    def __init__(self, branch: nn.Module) -> None:
        super().__init__()
        self.branch = branch

    def forward(self, x: Tensor) -> Tensor:
        """Return the branch's output added to its input."""
        return cast(Tensor, x + self.branch(x))


class Dense(nn.Module):
    """Layers whose output is put behind their input: (B, n) to (B, n + W)."""

    def __init__(self, layers: nn.Module) -> None:
        super().__init__()
        self.layers = layers

    def forward(self, x: Tensor) -> Tensor:
        """Return the input, followed by what the layers give."""
        return torch.cat([x, self.layers(x)], dim=1)


class MLPNetwork(nn.Module):
    """A multilayer perceptron from examples of any shape to K outputs."""

    def __init__(self, design: MLPDesign) -> None:
        super().__init__()
        n_inputs = math.prod(design.input_shape)
        self.embeddings: nn.Module = nn.Identity()
        if design.cardinalities:
            self.embeddings = Embeddings(design)
            n_inputs = self.embeddings.n_outputs
        self.input = _linear(n_inputs, design=design)
        # what each hidden layer reads, and at the end the output
        grows = design.width if design.connections == "dense" else 0
        widths = [design.width + number * grows for number in range(design.depth)]
        between = [
            nn.Sequential(Nonlinearity(width, design=design), _linear(width, design=design))
            for width in widths[:-1]
        ]
        around = {"residual": Residual, "dense": Dense}.get(design.connections)
        self.hidden = nn.Sequential(*(map(around, between) if around else between))
        self.last = Nonlinearity(widths[-1], design=design)
        self.output = nn.Linear(widths[-1], design.n_outputs)
        initialize(self, output=self.output)
        if design.connections == "residual":
            shrink_branches(between)

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs (B, K) for a batch (B, ...)."""
        # (B, ...) -> (B, F) -> (B, F - C + D)
        x = self.embeddings(x.flatten(1))
        # (B, F - C + D) -> (B, W), or (B, L W) of L layers with dense connections
        x = self.last(self.hidden(self.input(x)))
        # (B, W) or (B, L W) -> (B, K)
        return cast(Tensor, self.output(x))


def _linear(n_inputs: int, *, design: MLPDesign) -> nn.Linear:
    """Return a layer (B, `n_inputs`) to (B, W); a normalisation brings a shift of its own."""
    return nn.Linear(n_inputs, design.width, bias=design.normalization == "none")
