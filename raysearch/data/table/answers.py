"""How do a model's outputs become answers?

What `table`, `images`, `series` and `text` have in common.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raysearch.data.table.classes import Label
from raysearch.data.table.target import Target
from raysearch.errors import ConfigurationError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def labels_of(target: Target, outputs: Any) -> list[Label] | NDArray[np.float64]:
    """Return the answers: the likeliest class of each row, or numbers in the target's unit.

    Shapes:
        outputs: (N, K) what a model gives, as a tensor or an array
        returns: (N,)
        N rows, K classes or 1
    """
    values = as_array(outputs)
    if target.task == "regression":
        return values.reshape(len(values)) * target.std + target.mean
    return [target.classes[place] for place in values.argmax(1)]


def probabilities_of(target: Target, outputs: Any) -> NDArray[np.float64]:
    """Return the probability of each class, (N, K), in the order of `target.classes`.

    Raises:
        ConfigurationError: The target is a number.
    """
    if target.task == "regression":
        raise ConfigurationError(
            f"{target.name} is a number, which has no classes with probabilities. Use labels."
        )
    return shares_of(outputs)


def shares_of(outputs: Any) -> NDArray[np.float64]:
    """Return the probabilities that stand behind unnormalised log-probabilities, (N, K).

    Example:
        >>> shares_of([[0.0, 0.0], [1000.0, 0.0]]).tolist()
        [[0.5, 0.5], [1.0, 0.0]]
    """
    import numpy as np

    values = as_array(outputs)
    powers = np.exp(values - values.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True))


def as_array(outputs: Any) -> NDArray[np.float64]:
    """Return what a model gives, a tensor on any device or an array, as an array."""
    import numpy as np

    plain = outputs.detach().cpu().numpy() if hasattr(outputs, "detach") else outputs
    return np.asarray(plain, dtype=np.float64)
