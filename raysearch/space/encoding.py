"""How does a configuration become a vector, and a vector a configuration?

One slot per parameter, in the order of the space, each in [0, 1]; NaN where it is inactive.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from raysearch.errors import ConfigurationError
from raysearch.space.conditions import Parameter
from raysearch.trial import Configuration, Value

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray


def encode(parameters: Sequence[Parameter], configuration: Configuration) -> NDArray[np.float64]:
    """Return the vector of a configuration that lies in the space.

    Raises:
        ConfigurationError: A parameter of the space is a Graph, which has no vector.

    Shapes:
        returns: (D,) float64 in [0, 1] or NaN, D parameters
    """
    import numpy as np  # here, since it takes longer to import than all of this package

    _refuse_graphs(parameters)
    vector = np.full(len(parameters), np.nan)
    for slot, parameter in enumerate(parameters):
        if parameter.is_active(configuration):
            value = parameter.domain.canonical(configuration[parameter.key])
            vector[slot] = parameter.domain.to_unit(value)
    return vector


def decode(parameters: Sequence[Parameter], vector: ArrayLike) -> dict[str, Value]:
    """Return the configuration of a vector; the slots of inactive parameters are not looked at.

    Raises:
        ConfigurationError: The vector has another length, or an active slot lies outside [0, 1]; or
            a parameter of the space is a Graph.

    Shapes:
        vector: (D,) in [0, 1], D parameters
    """
    import numpy as np  # as above

    _refuse_graphs(parameters)
    places = np.asarray(vector, dtype=np.float64)
    if places.shape != (len(parameters),):
        raise ConfigurationError(
            f"The vector has shape {places.shape}, and this space needs ({len(parameters)},). "
            f"Give one number per parameter, in the order of space.parameters."
        )
    configuration: dict[str, Value] = {}
    for parameter, u in zip(parameters, places.tolist(), strict=True):
        if not parameter.is_active(configuration):
            continue
        if not 0.0 <= u <= 1.0:
            raise ConfigurationError(
                f"{parameter.label} has {u} in the vector, and it is active, so a number from "
                f"0 to 1 is needed. Clip the vector, and fill NaN with some value in between."
            )
        configuration[parameter.key] = parameter.domain.from_unit(u)
    return configuration


def _refuse_graphs(parameters: Sequence[Parameter]) -> None:
    placeless = [parameter.label for parameter in parameters if not parameter.domain.has_places]
    if placeless:
        raise ConfigurationError(
            f"{placeless[0]} is a Graph, which has no vector. Fix the graph, or use a searcher "
            "that samples or evolves, such as neat."
        )
