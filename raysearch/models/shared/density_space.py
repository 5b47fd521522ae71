"""Which data can a density be learnt from? Torch-free."""

from __future__ import annotations

from raysearch.data_spec import DataSpec
from raysearch.errors import ConfigurationError
from raysearch.models.shared.space import check_data


def check_images(data: DataSpec, *, family: str) -> tuple[int, int]:
    """Return height and width of the images that a density is learnt from.

    Args:
        data: The data.
        family: Its name in an experiment.

    Raises:
        ConfigurationError: The examples are not images, they are not for a density, or their
            numbers have no two levels.

    Example:
        >>> data = DataSpec(task="density", input_shape=(3, 8, 6), n_outputs=256, n_train=100)
        >>> check_images(data, family="vae")
        (8, 6)
    """
    check_data(data, family=family, tasks=("density",))
    if len(data.input_shape) != 3:
        raise ConfigurationError(
            f"{family} needs images of shape (channels, height, width), but this data has examples "
            f"of shape {tuple(data.input_shape)}."
        )
    if data.n_outputs < 2:
        raise ConfigurationError(
            f"{family} needs numbers with two levels or more, but n_outputs is {data.n_outputs}. "
            "It is how many values each number of an example can take."
        )
    _, height, width = data.input_shape
    return height, width
