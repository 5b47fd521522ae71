"""Which numbers and names make up the architecture of a convolutional network? Torch-free."""

from __future__ import annotations

from dataclasses import dataclass

from raysearch.models.cnn.wiring import CELL_SPACES, Edge, edge_key, edges


@dataclass(frozen=True, slots=True, kw_only=True)
class CNNDesign:
    """An architecture; the same names and meanings as in the constructor of `CNN`."""

    input_shape: list[int]
    n_outputs: int
    connections: str
    block: str
    expansion: int
    growth_rate: float
    stages: int
    blocks_per_stage: int
    n_parameters: int
    width: float
    """A whole number, unless it follows from `n_parameters`; see `fitted`."""
    width_growth: float
    pooling: str
    kernel_size: int
    normalization: str
    activation: str
    head_pooling: str
    dropout: float
    cell_space: str
    edge_0_1: str
    edge_0_2: str
    edge_1_2: str
    edge_0_3: str
    edge_1_3: str
    edge_2_3: str
    edge_0_4: str
    edge_1_4: str
    edge_2_4: str
    edge_3_4: str

    @property
    def n_axes(self) -> int:
        """Axes behind the channels: 1 of series, 2 of images, 3 of clips."""
        return len(self.input_shape) - 1

    @property
    def operations(self) -> dict[Edge, str]:
        """Edge -> operation, of all edges of a cell."""
        chosen = edges(CELL_SPACES[self.cell_space])
        return {edge: getattr(self, edge_key(edge)) for edge in chosen}
