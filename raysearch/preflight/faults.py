"""What would make a search pointless, so that it must be mended first?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path as FilePath

from raysearch.errors import did_you_mean
from raysearch.experiment import Experiment
from raysearch.init_from import INIT_FROM
from raysearch.measure import MEASURES, SECONDS
from raysearch.preflight.arguments import describe
from raysearch.preflight.corners import DEFAULT, HIGHEST, LOWEST
from raysearch.preflight.findings import Finding, Path, Tried, named, sentence
from raysearch.preflight.origin import origin_fault
from raysearch.preflight.record import WrongArgument
from raysearch.training.checkpoints import start_fault


def faults_of(experiment: Experiment, tried: Sequence[Tried]) -> Iterator[Finding]:
    """Yield the faults of an experiment.

    Args:
        experiment: What would be searched.
        tried: The default configurations of all its families, and others.
    """
    yield from _origins(experiment)
    for each in tried:
        yield from _wrong_arguments(experiment, each)
    yield from _checkpoints(experiment, tried)
    defaults = [each for each in tried if each.corner.name == DEFAULT]
    for each in defaults:
        yield from _failed_default(experiment, each, tried=tried)
    trained = [t for t in tried if t.probe.failure is None and not t.probe.is_function]
    for number, metric in enumerate(_logged_metrics(experiment)):
        missing = [t for t in trained if metric not in t.probe.logged]
        if missing and (number == 0 or len(missing) == len(trained)):
            yield _never_logged(metric, missing[0], place=_objective_path(experiment, number))


def _logged_metrics(experiment: Experiment) -> list[str]:
    """Return the objectives that models log, the first of them first."""
    aims = experiment.aims
    metrics = [objective.metric for objective in aims.objectives or (aims.objective,)]
    return [metric for metric in metrics if metric not in MEASURES and metric != SECONDS]


def _objective_path(experiment: Experiment, number: int) -> Path:
    return ("objectives", number) if experiment.aims.objectives else ("objective", "metric")


def _origins(experiment: Experiment) -> Iterator[Finding]:
    paths: list[tuple[Path, str]] = [
        (("model", number), choice.class_path) for number, choice in enumerate(experiment.models)
    ]
    if experiment.data is not None:
        paths.append((("data",), experiment.data.class_path))
    for path, class_path in paths:
        if text := origin_fault(class_path):
            yield Finding(kind="fault", path=path, text=f"{path[0]}: {text}")


def _checkpoints(experiment: Experiment, tried: Sequence[Tried]) -> Iterator[Finding]:
    """Yield what is wrong with checkpoints that are begun from, wherever they are the default."""
    for number, choice in enumerate(experiment.models):
        key = f"{choice.prefix}{INIT_FROM}"
        for path in experiment.checkpoints_of(choice):
            text = start_fault(FilePath(path))
            if text is None:
                failures = [
                    each.probe.failure.summary
                    for each in tried
                    if each.probe.failure is not None
                    and each.corner.configuration.get(key, path) == path
                    and each.corner.name not in (HIGHEST, LOWEST)
                ]
                text = next((summary for summary in failures if _is_of_checkpoint(summary)), None)
            if text is not None:
                yield Finding(kind="fault", path=("model", number), text=f"model: {text}")


def _is_of_checkpoint(summary: str) -> bool:
    """Return whether a failure is that of a checkpoint to begin from."""
    return summary.startswith(f"{INIT_FROM} is ")


def _wrong_arguments(experiment: Experiment, tried: Tried) -> Iterator[Finding]:
    for wrong in tried.probe.wrong_arguments:
        path = _argument_path(experiment, wrong, family=tried.corner.family)
        where = ".".join(key for key in path if isinstance(key, str))
        yield Finding(kind="fault", path=path, text=f"{where}: {describe(wrong)}")


def _argument_path(experiment: Experiment, wrong: WrongArgument, *, family: str) -> Path:
    """Return where the file gives an argument, or where it should."""
    prefix = "data." if wrong.part == "data" else ""
    keys = [f"{prefix}{wrong.name}", f"{family}.{wrong.name}"]
    found = [key for key in keys if key in experiment.settings.get("space", {})]
    if found:
        return ("space", found[0])
    section: Path = ("data",) if wrong.part == "data" else _model_path(experiment, family=family)
    return section if wrong.is_missing else (*section, "args", wrong.name)


def _model_path(experiment: Experiment, *, family: str) -> Path:
    names = [choice.name for choice in experiment.models]
    return ("model", names.index(family) if family in names else 0)


def _failed_default(
    experiment: Experiment, default: Tried, *, tried: Sequence[Tried]
) -> Iterator[Finding]:
    """Yield that a default configuration fails, for another reason than a wrong argument."""
    failure, family = default.probe.failure, default.corner.family
    if failure is None or default.probe.wrong_arguments or _is_of_checkpoint(failure.summary):
        return
    of_family = f" of {family}" if family else ""
    what = {
        "arguments": f"model: the default configuration{of_family} cannot be built.",
        "training": f"model: the default configuration{of_family} cannot be trained.",
        "checkpoint": f"model: the default configuration{of_family} is trained, but what it "
        "saves cannot be used, or training cannot go on from it.",
        "refit": f"refit: the default configuration{of_family} cannot be trained on training and "
        "validation data together. Mend that, or set refit: false.",
    }[failure.stage]
    text = f"{what} {sentence(failure.summary)}"
    others = [t.probe.failure for t in tried if t.corner.family == family and t is not default]
    if others:
        n_failed = sum(other is not None for other in others)
        text += f" Of {len(others)} others that were tried, {n_failed or 'none'} failed."
    if failure.cause == "out of memory":
        text += " Make the default smaller, data.batch_size included, or give each trial more."
    yield Finding(kind="fault", path=_model_path(experiment, family=family), text=text)


def _never_logged(metric: str, tried: Tried, *, place: Path) -> Finding:
    probe = tried.probe
    where = ".".join(key for key in place if isinstance(key, str))
    text = (
        f"{where} {'is' if place[-1] == 'metric' else 'has'} {metric}, which {probe.module} did "
        "not log in a first epoch of a few training and validation batches"
    )
    text += "." if tried.corner.name == DEFAULT else f" of one configuration ({named(tried)})."
    if probe.validation_batches == 0:
        text += " Nothing was validated: val_dataloader yields no batch."
    if probe.logged:
        near = did_you_mean(metric, probe.logged)
        text += f" It logged: {', '.join(probe.logged)}. {near}Name one of these, or log it"
    else:
        text += " It logged nothing. Log it"
    text += f': self.log("{metric}", ...) in {probe.module}.validation_step.'
    return Finding(kind="fault", path=place, text=text)
