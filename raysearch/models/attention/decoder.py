"""How does a Transformer answer an input with a sequence?

References:
    Vaswani et al., "Attention Is All You Need", NeurIPS 2017.
    Press and Wolf, "Using the Output Embedding to Improve Language Models", EACL 2017 (tying).
    Shazeer, "Fast Transformer Decoding", 2019 (keys and values that are kept between steps).

Shapes:
    memory: (B, M, W) float32, then the mask (B, M) if there is one
    previous: (B, L) int64, a target moved by one, with `BEGIN` in front
    B batch, M positions of the input, L of the target, W width of the network, K symbols,
    H heads, D components of a head, I blocks of the decoder
"""

from __future__ import annotations

from torch import Tensor, nn

from raysearch.models.attention.blocks import DecoderBlock, last_norm, start_weights
from raysearch.models.attention.design import TransformerDesign
from raysearch.models.attention.encoder import Encoder, key_mask
from raysearch.models.attention.heads import KeysValues
from raysearch.models.attention.inputs import Symbols
from raysearch.models.attention.positions import Positions, grid_coordinates
from raysearch.models.shared.decoding import SequenceNetwork, Tensors


class EncoderDecoderNetwork(SequenceNetwork):
    """A Transformer from an input of any kind to a sequence of symbols."""

    def __init__(self, design: TransformerDesign) -> None:
        super().__init__()
        self.encoder = Encoder(design)
        self.symbols = Symbols(design.n_outputs, width=design.width)
        coordinates = grid_coordinates([design.target_length])
        self.positions = Positions(design, coordinates=coordinates)
        self.dropout = nn.Dropout(design.dropout)
        self.blocks = nn.ModuleList(DecoderBlock(design) for _ in range(design.decoder_depth))
        self.norm = last_norm(design)
        self.output = nn.Linear(design.width, design.n_outputs)
        if design.weight_tying:
            self.output.weight = self.symbols.table.weight
        start_weights(self)

    def encode(self, *inputs: Tensor) -> Tensors:
        """Return the encoded input, and its mask where there are lengths."""
        memory, mask = self.encoder(*inputs)
        return (memory,) if mask is None else (memory, mask)

    def decode(self, memory: Tensors, previous: Tensor) -> Tensor:
        """Return the logits (B, L, K) of the symbols after `previous`, all at once."""
        encoded, *masks = memory
        x = self._embedded(previous, start=0)
        mask = key_mask(masks[0]) if masks else None
        rotation = self.positions.rotation(start=0, end=previous.shape[1])
        for block in self.blocks:
            x = block(x, memory=encoded, mask=mask, rotation=rotation)
        return self._logits(x)

    def start(self, memory: Tensors) -> tuple[Tensors, Tensors]:
        """Return keys and values of the encoded input, with its mask, and those of no symbols yet.

        Both have two tensors for each block, (B, H, M, D) and (B, H, 0, D); the mask comes last.
        """
        encoded, *masks = memory
        remembered = [block.cross_attention.remembered(encoded) for block in self._blocks()]
        past = [block.attention.no_past(encoded) for block in self._blocks()]
        return (*_flat(remembered), *masks), _flat(past)

    def step(self, symbols: Tensor, fixed: Tensors, state: Tensors) -> tuple[Tensor, Tensors]:
        """Return the logits (B, K) of the symbols after `symbols`, and the state that knows them.

        Args:
            symbols: (B,) the last symbol of each row.
            fixed: The first of what `start` returned.
            state: Keys and values (B, H, N, D) of the symbols before, two tensors for each block.
        """
        remembered, masks = _pairs(fixed[: len(state)]), fixed[len(state) :]
        mask = key_mask(masks[0]) if masks else None
        n_before = state[0].shape[2]
        x = self._embedded(symbols[:, None], start=n_before)
        rotation = self.positions.rotation(start=n_before, end=n_before + 1)
        pasts = []
        for block, own, other in zip(self._blocks(), _pairs(state), remembered, strict=True):
            x, past = block.step(x, past=own, remembered=other, mask=mask, rotation=rotation)
            pasts.append(past)
        # (B, 1, K) -> (B, K)
        return self._logits(x)[:, 0], _flat(pasts)

    def _embedded(self, symbols: Tensor, *, start: int) -> Tensor:
        # (B, L) -> (B, L, W)
        embedded: Tensor = self.dropout(self.positions(self.symbols(symbols), start=start))
        return embedded

    def _logits(self, x: Tensor) -> Tensor:
        # (B, L, W) -> (B, L, K)
        logits: Tensor = self.output(self.dropout(self.norm(x)))
        return logits

    def _blocks(self) -> list[DecoderBlock]:
        return [block for block in self.blocks if isinstance(block, DecoderBlock)]


def _flat(pairs: list[KeysValues]) -> Tensors:
    return tuple(tensor for pair in pairs for tensor in pair)


def _pairs(tensors: Tensors) -> list[KeysValues]:
    return [KeysValues(*tensors[i : i + 2]) for i in range(0, len(tensors), 2)]
