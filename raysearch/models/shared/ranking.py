"""How well does a model rank examples, whatever the threshold?

Two summaries of one ranking, for all classes at once: the area under the receiver operating
characteristic (AUROC), and average precision. Both take one sort. Examples with equal scores are
one step of a curve, so that their order does not matter.

Shapes:
    scores: (K, N) float, larger for examples that are taken for the class
    is_positive: (K, N) bool, whether an example is of the class
    K classes, N examples

References:
    Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 2006.
    Davis and Goadrich, "The Relationship Between Precision-Recall and ROC Curves", ICML 2006 (why
    precision is not interpolated).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """Running counts along examples from the highest score down, for each class.

    At an example with the score of others, the counts are those after the last of them.

    Example:
        >>> scores = torch.tensor([[0.9, 0.8, 0.8, 0.1]])
        >>> ranking = Ranking.of(scores, torch.tensor([[True, False, True, False]]))
        >>> ranking.hits.tolist(), ranking.seen.tolist()
        ([[1, 2, 2, 2]], [[1, 3, 3, 4]])
    """

    hits: Tensor
    """(K, N) int64, positive examples so far."""
    seen: Tensor
    """(K, N) int64, examples so far."""

    @classmethod
    def of(cls, scores: Tensor, is_positive: Tensor) -> Ranking:
        """Rank the examples of each class by their scores."""
        n_examples = scores.shape[1]
        ranked, order = scores.sort(dim=1, descending=True)
        hits = is_positive.gather(1, order).cumsum(1)
        seen = torch.arange(1, n_examples + 1, device=scores.device).expand_as(hits)
        goes_on = torch.zeros_like(is_positive)  # whether the next example has the same score
        goes_on[:, :-1] = ranked[:, 1:] == ranked[:, :-1]
        return cls(hits=_at_last(hits, goes_on), seen=_at_last(seen, goes_on))


def auroc(ranking: Ranking) -> Tensor:
    """Return the area under the curve of each class, (K,); NaN without examples of it, or others.

    Example:
        >>> scores = torch.tensor([[0.9, 0.8, 0.7, 0.1]])
        >>> auroc(Ranking.of(scores, torch.tensor([[True, False, True, False]])))
        tensor([0.7500])
    """
    n_positive = ranking.hits[:, -1:]
    hit_rate = ranking.hits / n_positive
    false_rate = (ranking.seen - ranking.hits) / (ranking.seen[:, -1:] - n_positive)
    trapezia = false_rate.diff(prepend=_start(hit_rate)) * (hit_rate + _shifted(hit_rate)) / 2
    return trapezia.sum(1)


def average_precision(ranking: Ranking) -> Tensor:
    """Return the average precision of each class, (K,); NaN without examples of it.

    That is the precision at each threshold, weighted by the share of the class's examples that the
    threshold adds.

    Example:
        >>> scores = torch.tensor([[0.9, 0.8, 0.7, 0.1]])
        >>> average_precision(Ranking.of(scores, torch.tensor([[True, False, True, False]])))
        tensor([0.8333])
    """
    recall = ranking.hits / ranking.hits[:, -1:]
    precision = ranking.hits / ranking.seen
    return (recall.diff(prepend=_start(recall)) * precision).sum(1)


def _at_last(counts: Tensor, goes_on: Tensor) -> Tensor:
    """Return for each place the count at the last place with the same score; counts only grow."""
    known = counts.masked_fill(goes_on, torch.iinfo(counts.dtype).max)
    return known.flip(1).cummin(1).values.flip(1)


def _start(values: Tensor) -> Tensor:
    """Return where all curves begin, (K, 1)."""
    return torch.zeros_like(values[:, :1])


def _shifted(values: Tensor) -> Tensor:
    """Return the value one place before, 0 at the first."""
    return torch.cat([_start(values), values[:, :-1]], dim=1)
