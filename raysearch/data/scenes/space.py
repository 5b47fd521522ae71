"""What can be known about the scenes of digits, and chosen, before they are made?

A caption names the digits on the way from the upper left to the lower right, each with how it lies
to the next one: "three above seven left of one". The next digit is always either right of the last
one, at the same height give or take a pixel, or below it in the same way. So a scene has one
caption, and a caption says how its scene is built.
"""

from __future__ import annotations

from raysearch.checks import integer_fault, raise_faults
from raysearch.data.batches import batch_sizes_among, legal_batch_size
from raysearch.data.room import Allocate, room_for
from raysearch.data.splits import FRACTIONS, split_sizes
from raysearch.data_spec import DataSpec
from raysearch.space import Domain, Int, Space

N_EXAMPLES = 5000
"""Scenes in all splits together, where no number is given."""

DIGIT_SIZE = 8
"""Height and width of a digit in pixels."""

FEWEST_DIGITS, MOST_DIGITS = 2, 4
"""In a scene; the most only where the canvas has room for them in a row."""

ABOVE, LEFT, OF = "above", "left", "of"
"""Words for how a digit lies to the next one."""

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")

VOCABULARY = ("<padding>", "<begin>", "<end>", "<unknown>", *DIGITS, ABOVE, LEFT, OF)
"""The words by their numbers in a target; those that every vocabulary begins with come first."""

_SMALLEST, _LARGEST = FEWEST_DIGITS * DIGIT_SIZE, 128
_MOST_EXAMPLES = 1_000_000

ARGUMENTS: dict[str, Domain] = {
    "n_examples": Int(100, _MOST_EXAMPLES, log=True, default=N_EXAMPLES),
    "canvas": Int(_SMALLEST, _LARGEST, default=MOST_DIGITS * DIGIT_SIZE),
    **FRACTIONS,
}
"""What an experiment may fix, by name."""


def data_spec(
    *,
    n_examples: int = N_EXAMPLES,
    canvas: int = MOST_DIGITS * DIGIT_SIZE,
    validation: float = 0.2,
    test: float = 0.2,
) -> DataSpec:
    """Return shapes and sizes.

    Args:
        n_examples: Scenes in all splits together, from 100 to 1,000,000.
        canvas: Height and width of a scene in pixels, from 16 to 128. There are four digits at
            most, and as many as fit side by side.
        validation: Share of the scenes for validation, from 0.05 to 0.45.
        test: Share of the scenes for the test, from 0.05 to 0.45; both together at most 0.5.

    Raises:
        ConfigurationError: An argument is out of range, or the scenes would not fit into
            memory.

    Example:
        >>> spec = data_spec()
        >>> spec.input_shape, spec.n_outputs, spec.target_length
        ((1, 32, 32), 17, 11)
    """
    raise_faults(
        integer_fault("data.n_examples", n_examples, at_least=100, at_most=_MOST_EXAMPLES),
        integer_fault("data.canvas", canvas, at_least=_SMALLEST, at_most=_LARGEST),
    )
    sizes = split_sizes(n_examples, validation=validation, test=test)
    n_digits = most_digits(canvas)
    return DataSpec(
        task="seq2seq",
        input_shape=(1, canvas, canvas),
        n_outputs=len(VOCABULARY),
        n_train=sizes.train,
        # digits, two words between each two where all lie in a row, and END
        target_length=n_digits + 2 * (n_digits - 1) + 1,
    )


def room(n_examples: int, *, canvas: int) -> Allocate:
    """Return what makes the arrays of so many scenes; see `room.room_for`.

    Raises:
        ConfigurationError: There is room for them neither in memory nor on the disk.
    """
    return room_for(
        4 * n_examples * canvas**2,
        what=f"data.n_examples is {n_examples}, and data.canvas {canvas}: so many scenes",
        remedy="Ask for fewer, or for a smaller canvas",
    )


def search_space(data: DataSpec) -> Space:
    """Return what is worth searching: the batch size."""
    return Space({"data.batch_size": batch_sizes_among([16, 32, 64, 128], data, default=32)})


def legal_domains(data: DataSpec) -> dict[str, Domain]:
    """Return what the data module accepts, by key."""
    return {"data.batch_size": legal_batch_size(data)}


def most_digits(canvas: int) -> int:
    """Return how many digits a scene has at most.

    Example:
        >>> [most_digits(canvas) for canvas in (16, 31, 32, 128)]
        [2, 3, 4, 4]
    """
    return min(MOST_DIGITS, canvas // DIGIT_SIZE)
