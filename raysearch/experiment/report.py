"""How are the faults of an experiment gathered, and told in one message?

Every check adds what it finds and goes on with the rest, so that a person sees all of it at once:

    report = Report(document)
    report.add(("budget", "trials"), "budget.trials is 0. It must be at least 1.")
    report.raise_faults()      # ConfigurationError: digits.yaml, line 9: budget.trials is 0. ...
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from raysearch.errors import ConfigurationError, did_you_mean, one_of
from raysearch.experiment.document import Document, Fault, Path, dotted
from raysearch.experiment.reading import NOTHING_STARTED

MOST_FAULTS = 100
"""Faults that a message tells at most; a file with more is probably not what was meant."""


class Report:
    """Gathers faults, each with the place of the value that it is about.

    Example:
        >>> document = Document(source="a.yaml", values={"budget": {"trials": 0}})
        >>> report = Report(document)
        >>> report.wrong(("budget", "trials"), "It must be an integer of at least 1.")
        >>> report.raise_faults()
        Traceback (most recent call last):
        raysearch.errors.ConfigurationError: a.yaml: budget.trials is 0. It must be an integer of at
        least 1.
        Nothing was started.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self._faults = list(document.faults)
        self._known = set(self._faults)
        self._unreadable = [fault.path for fault in document.faults if fault.path]

    def add(self, path: Path, text: str) -> None:
        """Add a fault, unless the value there could not even be read, which is reported already."""
        if any(path[: len(broken)] == broken for broken in self._unreadable):
            return
        fault = Fault(self.document.place(path), text, path)
        if fault not in self._known:
            self._known.add(fault)
            self._faults.append(fault)

    def is_broken(self, path: Path) -> bool:
        """Return whether something in the value at a path could not be read, as is reported."""
        return any(broken[: len(path)] == path for broken in self._unreadable)

    def has_faults(self, path: Path) -> bool:
        """Return whether something was found in the value at a path, or below it."""
        return any(fault.path[: len(path)] == path for fault in self._faults if fault.path)

    def wrong(self, path: Path, right: str) -> None:
        """Add that a value, quoted as it was written, is wrong; `right` says what is right."""
        path = self.document.nearest(path)
        self.add(path, f"{dotted(path)} is {self.document.written(path)}. {right}")

    def unknown_key(self, path: Path, *, kind: str, valid: Iterable[str], hint: str = "") -> None:
        """Add that a key means nothing.

        Args:
            path: Path of the key.
            kind: What it should be, such as "a setting of asha".
            valid: The keys that exist.
            hint: What to do, as a sentence; by default the question after a name that is near.
        """
        valid = list(valid)
        near = f"{hint} " if hint else did_you_mean(str(path[-1]), valid)
        listed = f"Valid: {one_of(valid)}." if valid else "There are none."
        self.add(path, f"{dotted(path)} is not {kind}. {near}{listed}")

    def choose(
        self, path: Path, name: str, *, kind: str, valid: Iterable[str], hint: str = ""
    ) -> str | None:
        """Return a name that exists: the one given, or the one that was probably meant.

        Args:
            path: Path of the name.
            name: The name as it was written.
            kind: What it should name, with its article, such as "a scheduler".
            valid: The names that exist.
            hint: What to do, as a sentence; by default the question after a name that is near.

        Returns:
            The name if it exists. Else this is reported, and the nearest name returned, so that
            what goes with it can be checked; None if no name is near.
        """
        valid = list(valid)
        if name in valid:
            return name
        path = self.document.nearest(path)
        near = f"{hint.rstrip()} " if hint else did_you_mean(name, valid)
        self.add(path, f"{dotted(path)}: {name} is not {kind}. {near}Valid: {one_of(valid)}.")
        return next((candidate for candidate in valid if f" {candidate}?" in near), None)

    def from_error(self, path: Path, error: ConfigurationError, *, prefix: str = "") -> None:
        """Add what another part of raysearch found wrong.

        A fault that begins with a dotted key of the document, such as "scheduler.min_epochs is 0",
        gets the place of that key; others that of `path`, and `prefix` in front.
        """
        for text in error.faults:
            key = re.match(r"[\w.]+", text)
            found = tuple(key.group().split(".")) if key else ()
            if len(found) > 1 and found[0] == path[0] and self.document.has(found):
                self.add(found, text)
            else:
                self.add(self.document.nearest(path), prefix + text)

    def raise_faults(self) -> None:
        """Raise one error with everything that was found, in the order of the file; if any.

        Raises:
            ConfigurationError: There are faults.
        """
        ordered = sorted(self._faults, key=lambda fault: fault.place)
        texts = [str(fault) for fault in ordered[:MOST_FAULTS]]
        if texts:
            if len(ordered) > MOST_FAULTS:
                texts.append(f"{self.document.source}: {len(ordered) - MOST_FAULTS} more faults.")
            texts[-1] = f"{texts[-1]}\n{NOTHING_STARTED}"
            raise ConfigurationError(texts)
