"""What does an evolved graph look like?

Inputs stand on the left, outputs on the right, hidden nodes in between by the layer in which they
are computed, named by their activations. Connections are blue where their weight is positive and
red where it is negative; the larger the weight, the wider and the less transparent. Disabled ones,
and what leads to no output, are not drawn.

Shapes:
    returns: (3, H, W) float32 in [0, 1], H and W height and width in pixels
"""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from raysearch.models.graph.layout import layers_of
from raysearch.space.genome import Genome

_FACTOR = 2
"""Drawn so many times larger, and then shrunk, which smooths the lines."""

_MARGIN, _TITLE, _LABEL = 24, 28, 8
_LEAST_HEIGHT, _MOST_HEIGHT = 240, 1400
_ROW = 18
"""Pixels between two nodes of a layer, where there is room."""
_COLUMN = 160
_MOST_WIDTH = 1600

_POSITIVE, _NEGATIVE = (38, 84, 170), (196, 50, 40)
_INPUT, _HIDDEN, _OUTPUT = (130, 130, 130), (240, 170, 40), (40, 140, 80)
_TEXT = (50, 50, 50)

Place = tuple[float, float]


def draw_graph(genome: Genome) -> Tensor:
    """Return a picture of the graph."""
    columns = _columns(genome)
    tallest = max(map(len, columns))
    height = min(max(2 * _MARGIN + _TITLE + _ROW * tallest, _LEAST_HEIGHT), _MOST_HEIGHT)
    width = min(2 * _MARGIN + _COLUMN * max(2, len(columns) - 1), _MOST_WIDTH)
    places = _places(columns, height=height, width=width)
    image = Image.new("RGB", (_FACTOR * width, _FACTOR * height), "white")
    pen = ImageDraw.Draw(image, "RGBA")
    n_drawn = _draw_connections(pen, genome, places)
    _draw_nodes(pen, genome, places, radius=max(1.5, min(5.0, 0.35 * height / tallest)))
    image = image.resize((width, height), Image.Resampling.LANCZOS)
    hidden = sum(map(len, columns[1:-1]))
    title = f"{genome.n_inputs} inputs, {hidden} hidden nodes, {genome.n_outputs} outputs, "
    title += f"{n_drawn} connections: blue positive, red negative"
    pen = ImageDraw.Draw(image)
    pen.text((_MARGIN, _LABEL), title, fill=_TEXT)
    for node in genome.hidden:
        if node.id in places:
            x, y = places[node.id]
            pen.text((x + _LABEL, y - _LABEL), node.activation, fill=_TEXT)
    # (H, W, 3) -> (3, H, W)
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).float() / 255


def _columns(genome: Genome) -> list[list[int]]:
    """Return the ids of the nodes from left to right."""
    layers = [[node.id for node in layer.nodes] for layer in layers_of(genome)]
    return [list(range(genome.n_inputs)), *layers]


def _places(columns: list[list[int]], *, height: int, width: int) -> dict[int, Place]:
    """Return where each node stands, in pixels; a column is spread over the height."""
    across = (width - 2 * _MARGIN) / (len(columns) - 1)
    top, down = _MARGIN + _TITLE, height - 2 * _MARGIN - _TITLE
    return {
        node: (_MARGIN + number * across, top + down * (row + 0.5) / len(column))
        for number, column in enumerate(columns)
        for row, node in enumerate(column)
    }


def _draw_connections(pen: ImageDraw.ImageDraw, genome: Genome, places: dict[int, Place]) -> int:
    """Draw the connections, the weakest first, and return how many there are."""
    genes = [gene for layer in layers_of(genome) for gene in layer.genes]
    largest = max((abs(gene.weight) for gene in genes), default=0.0) or 1.0
    for gene in sorted(genes, key=lambda gene: abs(gene.weight)):
        strength = abs(gene.weight) / largest
        colour = _POSITIVE if gene.weight >= 0 else _NEGATIVE
        ends = [_FACTOR * c for node in gene.ends for c in places[node]]
        pen.line(ends, fill=(*colour, round(25 + 200 * strength)), width=1 + round(4 * strength))
    return len(genes)


def _draw_nodes(
    pen: ImageDraw.ImageDraw, genome: Genome, places: dict[int, Place], *, radius: float
) -> None:
    outputs = {node.id for node in genome.outputs}
    for node, place in places.items():
        x, y = (_FACTOR * c for c in place)
        colour = _INPUT if node < genome.n_inputs else _OUTPUT if node in outputs else _HIDDEN
        size = _FACTOR * (radius if node < genome.n_inputs else radius + 1.5)
        pen.ellipse((x - size, y - size, x + size, y + size), fill=colour, outline=_TEXT)
