"""Are the checkpoints that models begin from still those with which the search began?

A search records the SHA-256 of each of them as it starts. It reads the files again for every new
trial and for the refit; what went on from another file could not be compared with what is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from raysearch.errors import ConfigurationError
from raysearch.experiment.experiment import Experiment
from raysearch.init_from import change_of, fingerprint


def fingerprinted(experiment: Experiment, *, known: Mapping[str, str]) -> Experiment:
    """Return an experiment with the SHA-256 of the checkpoints that its models begin from.

    Args:
        experiment: As it was resolved.
        known: Path -> SHA-256 of those that are recorded already, which stay; those of files that
            cannot be read are not known.
    """
    new = {path: fingerprint(path) for path in _paths(experiment) if path not in known}
    found = {path: sha256 for path, sha256 in new.items() if sha256 is not None}
    return replace(experiment, fingerprints={**found, **known})


def refuse_changed(experiment: Experiment, *, shown_by: str) -> None:
    """Refuse to go on with a search of which a checkpoint to begin from is another file, or gone.

    Args:
        experiment: With the SHA-256 of the files with which the search began.
        shown_by: Command that shows what was found so far.

    Raises:
        ConfigurationError: For all such checkpoints.
    """
    known = experiment.fingerprints
    texts = (change_of(path, sha256=known.get(path)) for path in _paths(experiment))
    changes = [text for text in texts if text]
    if changes:
        raise ConfigurationError(
            f"{'; '.join(changes)}. Trials that begin from another file could not be compared with "
            "those so far. Put that file back, and resume again. Nothing was changed: what was "
            f"trained is kept, and {shown_by} shows it."
        )


def _paths(experiment: Experiment) -> list[str]:
    each = (path for choice in experiment.models for path in experiment.checkpoints_of(choice))
    return list(dict.fromkeys(each))
