"""How do the arguments of an experiment become prepared arrays, once per node?

What all kinds of data that are read from files have in common: arguments are checked, and stand for
the files as they are now; what comes out is kept in the node's cache under the content of the
files, so that neither the processes that train, nor a second `check`, read them again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from raysearch.data.cache import cached_arrays
from raysearch.data.files import Fingerprint
from raysearch.data_spec import DataSpec

if TYPE_CHECKING:
    from dataclasses import Field

    from raysearch.data.archive import Arrays

_ABOUT = "about"
"""Name of the entry beside the arrays of the splits: what is known of them, as JSON."""

PATHS = ("path", "validation_path", "test_path")
"""Arguments that name files, whose place does not matter."""


class FileArguments(Protocol):
    """What an experiment says about files: a frozen dataclass."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    def to_json(self) -> dict[str, Any]:
        """Return plain values that its class reads, every argument among them."""
        ...


Arguments = TypeVar("Arguments", bound=FileArguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is known about prepared data, without their examples."""

    spec: DataSpec
    notes: tuple[str, ...]
    """What a person should know: what was guessed, what is left out, what leaks."""
    preprocessing: Mapping[str, Any]
    """What turns raw data into inputs, and outputs into answers, as plain JSON: what a checkpoint
    keeps of the data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What is made of files."""

    arrays: Arrays
    about: About


class Preparation(Generic[Arguments]):
    """The way from arguments to arrays of one kind of data.

    Args:
        kind: Its name, such as "pairs".
        version: Raised when the same files would now be prepared in another way.
        read: Returns checked arguments, without reading a file.
        fingerprints: What stands for the files now.
        build: Reads the files, and makes the arrays.
        unused: Arguments that the arrays do not depend on, beside `PATHS`.
        names: What else the arrays depend on, such as the ending of a file's name, as plain JSON.
    """

    def __init__(
        self,
        kind: str,
        *,
        version: int,
        read: Callable[[Mapping[str, Any]], Arguments],
        fingerprints: Callable[[Arguments], Iterable[Fingerprint]],
        build: Callable[[Arguments], Prepared],
        unused: Iterable[str] = (),
        names: Callable[[Arguments], Mapping[str, Any]] = lambda arguments: {},
    ) -> None:
        self.kind = kind
        self._version = version
        self._read = read
        self._fingerprints = fingerprints
        self._build = build
        self._unused = frozenset({*PATHS, *unused})
        self._names = names
        self._known = lru_cache(maxsize=16)(self._about)

    def settled(self, given: Mapping[str, Any]) -> Arguments:
        """Return checked arguments that stand for the files as they are now.

        Raises:
            ConfigurationError: An argument is wrong, or a file has changed since its fingerprint
                was taken.
        """
        arguments = self._read(given)
        now = list(self._fingerprints(arguments))
        for fingerprint in now:
            fingerprint.check(getattr(arguments, fingerprint.argument))
        return replace(arguments, **{one.argument: one.value for one in now})

    def about(self, arguments: Arguments) -> About:
        """Return what is known about the data; read once in a process.

        Raises:
            ConfigurationError: With what is wrong; each text begins with the name of an argument.
        """
        return self._known(as_text(arguments))

    def arrays(self, arguments: Arguments) -> Arrays:
        """Return the prepared data, from the node's cache or made now.

        Returns:
            "train_inputs", "train_targets", where examples differ in length "train_lengths", and so
            on for "validation" and "test", beside the entry that `about` reads.

        Raises:
            ConfigurationError: As `about`.
        """
        plain = {k: v for k, v in arguments.to_json().items() if k not in self._unused}
        key = {**plain, **self._names(arguments), f"{self.kind}_format": self._version}
        return cached_arrays(self.kind, arguments=key, build=partial(self._stored, arguments))

    def arrays_of(self, arguments: str) -> Arrays:
        """Return the same of arguments as `as_text` writes them."""
        return self.arrays(self._read(json.loads(arguments)))

    def _about(self, arguments: str) -> About:
        stored = json.loads(str(self.arrays_of(arguments)[_ABOUT]))
        return About(
            spec=DataSpec.from_json(stored["spec"]),
            notes=tuple(stored["notes"]),
            preprocessing=stored["preprocessing"],
        )

    def _stored(self, arguments: Arguments) -> Arrays:
        import numpy as np

        made = self._build(arguments)
        about = {
            "spec": made.about.spec.to_json(),
            "notes": made.about.notes,
            "preprocessing": made.about.preprocessing,
        }
        return {**made.arrays, _ABOUT: np.array(json.dumps(about))}


def as_text(arguments: FileArguments) -> str:
    """Return arguments as a text that stands for them."""
    return json.dumps(arguments.to_json(), sort_keys=True)
