"""What is wrong with a setting that several policies have?"""

from __future__ import annotations

from raysearch.checks import integer_fault


def min_epochs_fault(min_epochs: object, *, max_epochs: int) -> str | None:
    """Return what is wrong with the epochs before which no trial is stopped, or None.

    Example:
        >>> min_epochs_fault(30, max_epochs=27)
        'scheduler.min_epochs is 30. It must be an integer from 1 to 27.'
    """
    return integer_fault("scheduler.min_epochs", min_epochs, at_least=1, at_most=max_epochs)


def reduction_factor_fault(reduction_factor: object) -> str | None:
    """Return what is wrong with the number of trials of which one goes on, or None.

    Example:
        >>> reduction_factor_fault(1)
        'scheduler.reduction_factor is 1. It must be an integer of at least 2.'
    """
    return integer_fault("scheduler.reduction_factor", reduction_factor, at_least=2)
