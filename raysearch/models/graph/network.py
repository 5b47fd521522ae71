"""What does an evolved graph compute?

Layer by layer (see `layout`), the nodes of a layer are one product of everything before them with a
matrix that is zero wherever the graph has no connection; its other entries are the weights of the
connections, which are the parameters. No node is computed by itself. Weights and biases begin as
the genome has them: nothing is drawn.

Shapes:
    x: (B, ...) float32
    returns: (B, K) float32
    B batch, F numbers in one example, of which the last C are categories, N inputs of the graph,
    S inputs and nodes so far, W nodes of a layer, E enabled connections, K outputs

References:
    Stanley and Miikkulainen, "Evolving Neural Networks through Augmenting Topologies",
    Evolutionary Computation 10(2), 2002 (the graphs).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from raysearch.models.graph.layout import Layer, layers_of
from raysearch.space.genome import Genome, genome_of
from raysearch.space.genome_reading import read_genome


def _identity(x: Tensor) -> Tensor:
    return x


def _gauss(x: Tensor) -> Tensor:
    return torch.exp(-x.square())


FUNCTIONS: Mapping[str, Callable[[Tensor], Tensor]] = MappingProxyType(
    {
        "elu": F.elu,
        "gauss": _gauss,
        "gelu": F.gelu,
        "identity": _identity,
        "relu": F.relu,
        "sigmoid": torch.sigmoid,
        "silu": F.silu,
        "sin": torch.sin,
        "tanh": torch.tanh,
    }
)
"""Activation of a node -> what it does with its sum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphDesign:
    """An architecture; the same names and meanings as in the constructor of `EvolvedGraph`."""

    input_shape: list[int]
    cardinalities: list[int]
    graph: str


class Genes(nn.Module):
    """The parameters of some layers, as the genome has them: those of all connections and nodes."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        super().__init__()
        weights = [gene.weight for layer in layers for gene in layer.genes]
        biases = [node.bias for layer in layers for node in layer.nodes]
        # (E, 1): a matrix, as whatever weighs inputs, and so decays where weights do
        self.weight = nn.Parameter(torch.tensor(weights, dtype=torch.float32).view(-1, 1))
        self.bias = nn.Parameter(torch.tensor(biases, dtype=torch.float32))


class GraphNetwork(nn.Module):
    """An evolved graph from examples of any shape to K outputs."""

    def __init__(self, design: GraphDesign) -> None:
        super().__init__()
        self.cardinalities = design.cardinalities
        self._genome = read_genome(design.graph)
        self._layers = layers_of(self._genome)
        self.hidden = Genes(self._layers[:-1])
        self.output = Genes(self._layers[-1:])
        for number, layer in enumerate(self._layers):
            flat = [row * layer.n_before + column for row, column in layer.positions]
            places = torch.tensor(flat, dtype=torch.int64)
            # follows from the graph
            self.register_buffer(f"places_{number}", places, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the outputs (B, K) for a batch (B, ...)."""
        # (B, ...) -> (B, F) -> (B, N)
        state = self._with_categories(x.flatten(1))
        weights = torch.split(self._weights(), [len(layer.genes) for layer in self._layers])
        biases = torch.split(self._biases(), [len(layer.nodes) for layer in self._layers])
        outputs = state
        for number, layer in enumerate(self._layers):
            shape = len(layer.nodes), layer.n_before
            entries = weights[number].new_zeros(shape[0] * shape[1])
            # (E of this layer,) -> (W, S)
            matrix = entries.scatter(0, self.get_buffer(f"places_{number}"), weights[number])
            # (B, S) -> (B, W)
            sums = F.linear(state, matrix.view(shape), biases[number])
            parts = torch.split(sums, [n for _, n in layer.activations], dim=1)
            named = zip(layer.activations, parts, strict=True)
            outputs = torch.cat([FUNCTIONS[name](part) for (name, _), part in named], dim=1)
            # (B, S) -> (B, S + W)
            state = torch.cat([state, outputs], dim=1)
        return outputs

    def genome(self) -> Genome:
        """Return the genome with the weights and biases that the network has now.

        Those of disabled connections, and of what leads to no output, are as they were.
        """
        genes = [gene.ends for layer in self._layers for gene in layer.genes]
        nodes = [node.id for layer in self._layers for node in layer.nodes]
        weights = dict(zip(genes, self._weights().tolist(), strict=True))
        biases = dict(zip(nodes, self._biases().tolist(), strict=True))
        old = self._genome
        return genome_of(
            old.n_inputs,
            old.n_outputs,
            (node._replace(bias=biases.get(node.id, node.bias)) for node in old.nodes),
            (g._replace(weight=weights.get(g.ends, g.weight)) for g in old.connections),
        )

    def _weights(self) -> Tensor:
        """Return the weights of all connections that count, (E,), layer by layer."""
        return torch.cat([self.hidden.weight, self.output.weight]).squeeze(1)

    def _biases(self) -> Tensor:
        return torch.cat([self.hidden.bias, self.output.bias])

    def _with_categories(self, x: Tensor) -> Tensor:
        """Return rows with an input for each category, in place of its number: (B, F) to (B, N)."""
        if not self.cardinalities:
            return x
        n_numbers = x.shape[1] - len(self.cardinalities)
        columns = zip(x[:, n_numbers:].long().unbind(1), self.cardinalities, strict=True)
        marks = [F.one_hot(column, n).to(x.dtype) for column, n in columns]
        return torch.cat([x[:, :n_numbers], *marks], dim=1)
