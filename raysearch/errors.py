"""Which errors does raysearch raise, and what does each mean for the search?

The class tells the policy: `ConfigurationError` before anything runs, `TrialFailed` for one trial,
`SearchAborted` for all of them, `RunDirectoryError` for the disk. Each inherits the builtin that it
refines. A message says what is wrong, where, what would be right, what to do, and what is kept.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

SHORTEST_BEGINNING = 3
"""Letters of the beginning of a name that are taken for the name."""


class RaysearchError(Exception):
    """Base of all errors raised on purpose; its text is meant for the person at the screen."""


class ConfigurationError(RaysearchError, ValueError):
    """Something was asked for that cannot be done; raised before anything starts.

    Args:
        faults: One message, or all the messages found together.
    """

    def __init__(self, faults: str | Iterable[str]) -> None:
        self.faults: tuple[str, ...] = (faults,) if isinstance(faults, str) else tuple(faults)
        super().__init__("\n".join(self.faults))

    def __reduce__(self) -> tuple[type[ConfigurationError], tuple[tuple[str, ...]]]:
        return type(self), (self.faults,)


class UnsuitableSpace(ConfigurationError):
    """A search method cannot search a space, whatever its settings; raised as it is constructed.

    The message says which parameters are in its way, and why. Which other methods could search the
    space is added where the experiment is read.
    """


class TrialFailed(RaysearchError, RuntimeError):
    """One trial could not be trained; the search goes on."""


class Unsupported(TrialFailed):
    """The user's model or data has no part that this needs, such as a test split."""


class SearchAborted(RaysearchError, RuntimeError):
    """The search cannot go on; what it found so far is kept in the run directory."""


class RunDirectoryError(RaysearchError, OSError):
    """A run directory cannot be read or written as it should be."""


def one_of(names: Iterable[str]) -> str:
    """Return the names, sorted and joined for a sentence.

    Example:
        >>> one_of(["random", "hyperopt"])
        'hyperopt, random'
    """
    return ", ".join(sorted(names))


def did_you_mean(name: str, valid: Iterable[str]) -> str:
    """Return "Did you mean ...? " when a valid name is close to `name`, else an empty string.

    Capital letters make no difference. The beginning of a single valid name is close to it, too.

    Example:
        >>> did_you_mean("min_epoch", ["min_epochs", "reduction_factor"])
        'Did you mean min_epochs? '
        >>> did_you_mean("MLP", ["cnn", "mlp"]), did_you_mean("max", ["minimize", "maximize"])
        ('Did you mean mlp? ', 'Did you mean maximize? ')
        >>> did_you_mean("val/acc", ["val/auroc", "val/accuracy"])
        'Did you mean val/accuracy? '
        >>> did_you_mean("max", ["max_epochs", "max_steps"]), did_you_mean("zzz", ["min_epochs"])
        ('', '')
    """
    by_small = {known.lower(): known for known in reversed(list(valid))}
    small = name.lower()
    near = []
    if len(small) >= SHORTEST_BEGINNING:
        begun = [known for known in by_small if known.startswith(small)]
        near = begun if len(begun) == 1 else []
    near = near or difflib.get_close_matches(small, by_small, n=1, cutoff=0.6)
    return f"Did you mean {by_small[near[0]]}? " if near else ""


def unknown_name(name: str, *, kind: str, valid: Iterable[str], where: str = "") -> str:
    """Return the message for a name that is not one of the valid ones.

    Args:
        name: The name as the user wrote it.
        kind: What it should have been, with its article, such as "a searcher".
        valid: The names that exist.
        where: A prefix with the place, such as "digits.yaml, line 9: ".

    Example:
        >>> unknown_name("ahsa", kind="a scheduler", valid=["asha", "none"])
        'ahsa is not a scheduler. Did you mean asha? Valid: asha, none.'
    """
    valid = list(valid)
    return f"{where}{name} is not {kind}. {did_you_mean(name, valid)}Valid: {one_of(valid)}."
