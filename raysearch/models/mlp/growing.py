"""How does a multilayer perceptron take over the weights of another one?

It computes the same as before where it is wider (with layer normalisation: by a whole factor),
where it has residual or dense connections and is deeper, where it is plain and deeper with ReLU and
no layer normalisation, where it has larger embeddings, and where plain connections become dense.
Everything else keeps what fits.

References:
    Chen, Goodfellow and Shlens, "Net2Net", ICLR 2016.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import nn

from raysearch.models.mlp.module import MLP
from raysearch.models.mlp.network import Embeddings, MLPNetwork, Nonlinearity
from raysearch.models.shared.growing.identities import carry, hand_on, rectified, silence
from raysearch.models.shared.growing.spreads import Spread, anew, joined, kept, part_of, widened
from raysearch.models.shared.growing.transfer import Transfer


def grow(old: MLP, new: MLP, transfer: Transfer) -> None:
    """Fill a perceptron out of another one for the same data.

    Side effects:
        Changes the new one's weights and running statistics in place.
    """
    mine, theirs = _Side.of(new), _Side.of(old)
    for name in ("activation", "normalization"):
        before, after = old.hparams[name], new.hparams[name]
        if before != after:
            transfer.differs(f"{name} is {after} instead of {before}")
    _Growth(theirs, mine, transfer).fill()


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two networks."""

    network: MLPNetwork
    width: int
    connections: str
    activation: str
    normalization: str
    pairs: list[tuple[Nonlinearity, nn.Linear]]
    """What stands between each hidden layer and the next one, and that one."""

    @classmethod
    def of(cls, module: MLP) -> _Side:
        hparams = module.hparams
        network = module.network
        if not isinstance(network, MLPNetwork):
            raise TypeError(f"{type(network).__name__} is no network of mlp")
        around = {"residual": "branch", "dense": "layers"}.get(hparams["connections"])
        blocks: list[Any] = [
            getattr(block, around) if around else block for block in network.hidden
        ]
        return cls(
            network=network,
            width=hparams["width"],
            connections=hparams["connections"],
            activation=hparams["activation"],
            normalization=hparams["normalization"],
            pairs=[(block[0], block[1]) for block in blocks],
        )

    @property
    def depth(self) -> int:
        return 1 + len(self.pairs)


class _Growth:
    def __init__(self, old: _Side, new: _Side, transfer: Transfer) -> None:
        self._old, self._new, self._transfer = old, new, transfer
        is_even = new.normalization == "layer"
        self._width = widened(old.width, new.width, is_even=is_even)

    def fill(self) -> None:
        """Fill all layers."""
        old, new, transfer = self._old, self._new, self._transfer
        inputs = self._embedded()
        transfer.linear(old.network.input, new.network.input, inputs=inputs, outputs=self._width)
        n_common = min(old.depth, new.depth) - 1
        is_denser = (old.connections, new.connections) == ("plain", "dense")
        if old.connections != new.connections and n_common and not is_denser:
            transfer.differs(f"connections is {new.connections} instead of {old.connections}")
        for number in range(n_common):
            stream = self._stream(number)
            (norm, _, _), layer = old.pairs[number]
            (new_norm, _, _), new_layer = new.pairs[number]
            transfer.norm(norm, new_norm, channels=stream)
            transfer.linear(layer, new_layer, inputs=stream, outputs=self._width)
        self._end(n_common)

    def _embedded(self) -> Spread:
        """Fill the embeddings, and return where what the first layer reads is."""
        old, new = self._old.network.embeddings, self._new.network.embeddings
        if not isinstance(old, Embeddings) or not isinstance(new, Embeddings):
            return kept(self._old.network.input.in_features)
        columns = []
        for one, other in zip(old.tables, new.tables, strict=True):
            assert isinstance(one, nn.Embedding) and isinstance(other, nn.Embedding)
            spread = widened(one.embedding_dim, other.embedding_dim)
            self._transfer.embedding(one, other, columns=spread)
            columns.append(spread)
        return joined(kept(new.n_numbers), *columns)

    def _stream(self, number: int) -> Spread:
        """Return where is what the hidden layer after this number reads, counted from 0."""
        n_before = number * self._old.width
        if self._old.connections == self._new.connections == "dense":
            return joined(*[self._width] * (number + 1))
        if self._old.connections == "dense":
            return part_of(self._width, first=n_before, n_old=n_before + self._old.width)
        if self._new.connections == "dense":
            return joined(*[anew(self._new.width)] * number, self._width)
        return self._width

    def _end(self, n_common: int) -> None:
        """Fill what follows the last layer that both have."""
        old, new, transfer = self._old, self._new, self._transfer
        stream = self._stream(n_common)
        if new.depth < old.depth:
            transfer.differs(f"depth is {new.depth} instead of {old.depth}")
            n_read = old.network.output.in_features
            stream = part_of(stream, first=0, n_old=n_read)
        norm, new_norm = old.network.last[0], new.network.last[0]
        added = new.pairs[n_common:]
        if added and new.connections == "plain":
            self._lengthen(added)
        else:
            for _, layer in added if new.connections == "residual" else ():
                silence(layer, nn.Identity())
            if new.connections == "dense":
                stream = joined(stream, *[anew(new.width)] * len(added))
            transfer.norm(norm, new_norm, channels=stream)
        transfer.linear(old.network.output, new.network.output, inputs=stream, outputs=self._all())

    def _all(self) -> Spread:
        return kept(self._old.network.output.out_features)

    def _lengthen(self, added: list[tuple[Nonlinearity, nn.Linear]]) -> None:
        """Let layers at the end of a chain hand on what the last activation gives."""
        norm = added[0][0][0]
        self._transfer.norm(self._old.network.last[0], norm, channels=self._width)
        moments = rectified(norm) if self._new.activation == "relu" else None
        hands_on = self._new.activation == "relu"
        for (other, _, _), layer in added:
            if other is not norm:
                hands_on &= hand_on(other, moments)
            carry(layer, inputs=self._width, outputs=self._width)
        hands_on &= hand_on(self._new.network.last[0], moments)
        if not hands_on:
            self._transfer.differs(
                f"depth is {self._new.depth} instead of {self._old.depth}, and a plain chain hands "
                "on with relu alone, and without layer normalisation"
            )
