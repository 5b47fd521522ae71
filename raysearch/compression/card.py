"""What must somebody know who is handed a model? The model card, as Markdown.

References:
    Mitchell et al., "Model Cards for Model Reporting", FAT* 2019.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from typing import TYPE_CHECKING, Any

from raysearch.compression.subject import Subject
from raysearch.results.evaluation import recorded_test
from raysearch.results.families import LEVEL, share_interval
from raysearch.trial import Measurement, are_trainings_of_one

if TYPE_CHECKING:
    from raysearch.compression.exporting import Exported

TOOLS = ("torch", "onnx", "onnxscript", "onnxruntime")
"""What writes the files, whose versions the card has."""


def model_card(subject: Subject, exported: Exported) -> str:
    """Return the card: what the model is, what it was measured to be worth, and its limits."""
    found, trial = subject.found, subject.trial
    parts = [
        f"# {subject.name}, trial {trial.id} of {found.run_dir.path.absolute().name}",
        _use(exported),
        "## Files\n\n" + _files(exported),
        "## Data\n\n" + _data(subject),
        "## Search\n\n" + _search(subject),
        "## Configuration\n\n" + _table(("parameter", "value"), _pairs(trial.configuration)),
        "## Metrics\n\n" + _metrics(subject),
        "## Limits\n\n" + _limits(subject, exported),
        "## Made with\n\n" + _versions(subject),
    ]
    return "\n\n".join(parts) + "\n"


def _use(exported: Exported) -> str:
    if exported.parity is None:
        return "It could not be written as ONNX; see Files."
    return (
        "    pip install onnxruntime numpy\n"
        "    python predict.py                 # the examples in example.npz\n"
        "    python predict.py INPUTS.npz      # your own, each input under its name"
    )


_MEANING = {
    "model.onnx": "for onnxruntime and every other runtime of ONNX",
    "compressed.onnx": "the same, compressed: see Metrics",
    "model.pt2": "`torch.export.load(path).module()`",
    "weights.pt": "a plain `state_dict`",
    "answers.json": "what outputs mean: names of classes, or means and deviations of numbers",
    "config.json": "the class that they belong to, with its arguments, and its data",
    "example.npz": "inputs, and what the model makes of them (`expected_0`)",
    "predict.py": "predicts with onnxruntime and numpy alone",
}


def _files(exported: Exported) -> str:
    rows = [(f"`{name}`", f"{size:,}", _MEANING[name]) for name, size in exported.sizes.items()] + [
        (f"`{name}`", "", f"left out: {why}") for name, why in exported.left_out.items()
    ]
    text = _table(("file", "bytes", "for"), rows)
    if exported.traced is not None:
        text += "\n\n" + _table(("input", "axes", "type"), _inputs(exported))
    if exported.parity is not None:
        parity = exported.parity
        sizes = ", ".join(map(str, parity.batch_sizes))
        text += (
            f"\n\n`model.onnx` differs from the model in torch by "
            f"{parity.largest_difference:.2g} at most, where outputs go up to "
            f"{parity.largest_output:.3g}: {parity.n_examples} validation examples in batches of "
            f"{sizes}. The size of a batch is free."
        )
    return text


def _inputs(exported: Exported) -> list[tuple[str, str, str]]:
    traced = exported.traced
    if traced is None:
        return []
    return [
        (f"`{name}`", " x ".join(map(str, axes)), dtype)
        for name, axes, dtype in zip(
            traced.input_names, traced.input_axes, traced.dtypes, strict=True
        )
    ]


def _data(subject: Subject) -> str:
    job, spec = subject.job, subject.found.experiment.data_spec
    text = f"`{job.data_class}` with `{json.dumps(dict(job.data_arguments), default=str)}`."
    if spec is not None:
        shape = " x ".join(map(str, spec.input_shape))
        text += (
            f" Task: {spec.task}. One example: {shape}; outputs: {spec.n_outputs}; "
            f"{spec.n_train:,} training examples."
        )
    model = subject.model
    if model is not None and model.refit:
        return f"{text} The model was trained on training and validation data together."
    return f"{text} The model was trained on training data alone."


def _search(subject: Subject) -> str:
    found, experiment = subject.found, subject.found.experiment
    state, objective = found.state, found.objective
    budget = {k: v for k, v in state.settings.get("budget", {}).items() if v is not None}
    facts = [
        f"{len(list(experiment.space))} parameters; models: "
        + ", ".join(choice.name for choice in experiment.models),
        f"{len(state.trials)} trials, {state.epochs:,} epochs, {state.seconds:,.0f} s; budget "
        f"{json.dumps(budget)}",
        f"searcher {experiment.searcher.name}, scheduler {experiment.scheduler.name}, seed "
        f"{experiment.seed}",
        f"to {objective.direction} {objective.metric}; trial {subject.trial.id} was chosen by "
        f"{found.chosen_by(subject.trial)}",
    ]
    return "\n".join(f"- {fact}" for fact in facts)


def _metrics(subject: Subject) -> str:
    found = subject.found
    rows: list[tuple[str, str, str]] = []
    best = subject.trial.best(found.objective)
    if best is not None:
        rows += [(name, *_value(name, best)) for name in best.values]
    text = _table(("validation, before the refit", "value", f"interval, {LEVEL:.0%}"), rows)
    default = found.default
    if default is not None and not are_trainings_of_one(default, subject.trial):
        value = default.value(found.objective)
        if value is not None:
            text += f"\n\nThe default configuration has {found.objective.metric} {value:.4g}."
    return f"{text}\n\n{_test(subject)}"


def _value(name: str, best: Measurement) -> tuple[str, str]:
    value = best.values[name]
    if value is None:
        return "not finite", ""
    interval = share_interval(name, value, n=best.n_validated)
    if interval is None:
        return f"{value:.4g}", ""
    return f"{value:.4g}", f"{interval.low:.4g} to {interval.high:.4g} ({interval.n} examples)"


def _test(subject: Subject) -> str:
    """Return what the test split showed; nothing of it is opened here."""
    found = subject.found
    winner = found.winner
    if subject.model is None or winner is None or winner.id != subject.trial.id:
        return "Not tested: the test split is for the winner."
    outcome = recorded_test(found)
    if outcome.values is None:
        return f"Not tested: {outcome.reason.partition(': python')[0]}."
    rows = []
    for name, value in outcome.values.items():
        text = "not finite" if value is None else f"{value:.4g}"
        spread = ""
        if outcome.spread is not None:
            mean, std = outcome.spread.mean.get(name), outcome.spread.std.get(name)
            if mean is not None and std is not None:
                spread = f"{mean:.4g} with deviation {std:.2g} over {outcome.spread.n} seeds"
        rows.append((name, text, spread))
    n_openings = len(found.handover.results)
    text = _table(("test", "value", "over seeds"), rows)
    return f"{text}\n\nThe test split was opened {_times(n_openings)}."


def _times(n: int) -> str:
    return "once" if n == 1 else f"{n} times, so the last result is no longer a clean test"


def _limits(subject: Subject, exported: Exported) -> str:
    n_trials = len(subject.found.state.trials)
    limits = [
        "Inputs are examples as the data module hands them out: its preprocessing is in none of "
        "the files.",
        f"Validation values chose among {n_trials} trials, so they are too good; the test is not.",
        "Nothing is known about examples of another origin than these data.",
    ]
    fixed = exported.traced and any(
        isinstance(axis, int) for axes in exported.traced.input_axes for axis in axes
    )
    if fixed:
        limits.append("Axes with a number under Files have that size and no other.")
    return "\n".join(f"- {limit}" for limit in limits)


def _versions(subject: Subject) -> str:
    of_search = _pairs(subject.found.state.versions)
    now = [(f"{name} (export)", metadata.version(name)) for name in TOOLS]
    return _table(("package", "version"), [*of_search, *now])


def _pairs(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(f"`{key}`", f"{value}") for key, value in values.items()]


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
