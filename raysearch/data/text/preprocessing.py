"""How does a text become what the model takes, and its output an answer?

It travels in every checkpoint of a model that was trained on texts, vocabulary and all, so that the
checkpoint alone turns texts into predictions:

    from raysearch.data.text.preprocessing import load_preprocessing

    model = raysearch.load_model("runs/reviews-20261123-170912")
    preprocessing = load_preprocessing("runs/reviews-20261123-170912/winner/model.ckpt")
    outputs = model(*map(torch.from_numpy, preprocessing.transform(["so good"])))
    preprocessing.labels(outputs)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raysearch.data.arguments import listed
from raysearch.data.state import check_schema, stored_state
from raysearch.data.table.answers import labels_of, probabilities_of
from raysearch.data.table.classes import Label
from raysearch.data.table.target import Target
from raysearch.data.text.arguments import Side
from raysearch.data.text.vocabulary import Vocabulary
from raysearch.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KIND = "text"

_SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPreprocessing:
    """What was learnt from the training split of texts.

    Shapes:
        tokens: (N, T) int64, 0 behind the end
        lengths: (N,) int64, at least 1
        outputs: (N, K) what a model gives: unnormalised log-probabilities of the classes, or for a
            regression (N, 1) standardised values
        N texts, T symbols at most, K classes
    """

    target: Target
    vocabulary: Vocabulary
    max_length: int
    keep: Side

    def transform(self, texts: str | Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the inputs of a model for texts: tokens and lengths.

        A symbol that is not in the vocabulary has the number `UNKNOWN`.

        Args:
            texts: One or more; a single one is a batch of one.

        Raises:
            ConfigurationError: A text has no symbol.
        """
        texts = [texts] if isinstance(texts, str) else texts
        found = self.vocabulary.padded(texts, max_length=self.max_length, keep=self.keep)
        empty = [str(place) for place, length in enumerate(found[1]) if length == 0]
        if empty:
            raise ConfigurationError(
                f"The texts number {listed(empty)}, counted from 0, are empty. Leave them out."
            )
        return found

    def labels(self, outputs: Any) -> list[Label] | NDArray[np.float64]:
        """Return the likeliest class of each text, or numbers in the target's unit, (N,)."""
        return labels_of(self.target, outputs)

    def probabilities(self, outputs: Any) -> NDArray[np.float64]:
        """Return the probability of each class, (N, K), in the order of `target.classes`.

        Raises:
            ConfigurationError: The target is a number.
        """
        return probabilities_of(self.target, outputs)

    def to_json(self) -> dict[str, Any]:
        """Return plain values that `from_json` reads back unchanged."""
        return {
            "schema_version": _SCHEMA_VERSION,
            "kind": KIND,
            "target": self.target.to_json(),
            "vocabulary": self.vocabulary.to_json(),
            "max_length": self.max_length,
            "keep": self.keep,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> TextPreprocessing:
        """Return the preprocessing that `to_json` wrote.

        Raises:
            ConfigurationError: A newer version of raysearch wrote it.
        """
        check_schema(values, known=_SCHEMA_VERSION)
        return cls(
            target=Target.from_json(values["target"]),
            vocabulary=Vocabulary.from_json(values["vocabulary"]),
            max_length=values["max_length"],
            keep=values["keep"],
        )


def load_preprocessing(checkpoint: str | Path) -> TextPreprocessing:
    """Return the preprocessing in a checkpoint of a model that was trained on texts.

    Raises:
        ConfigurationError: There is none in it.
        FileNotFoundError: There is no such file.
    """
    return TextPreprocessing.from_json(stored_state(checkpoint, data=KIND, kind=KIND))
