"""Whatever a file holds: it is an experiment, or is refused, soon, with words that say where."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from raysearch.cli.main import main
from raysearch.errors import ConfigurationError
from raysearch.experiment import from_settings, load, to_yaml
from raysearch.experiment.yaml_text import in_one_line
from tests.unit.experiment.grammar import experiments

LONGEST_S = 2.0
"""What reading one file may take at most, however strange it is."""

SOUND: tuple[dict[str, Any], ...] = (
    {
        "name": "small",
        "seed": 3,
        "data": {"name": "digits", "args": {"validation": 0.3}},
        "model": ["cnn", {"name": "mlp", "args": {}}],
        "space": {
            "mlp.width": {"int": [8, 64], "step": 8, "default": 16},
            "learning_rate": {"float": [1e-4, 1e-1], "log": True},
            "data.batch_size": {"choice": [16, 32, 64], "ordered": True},
            "mlp.dropout": {"float": [0.0, 0.5], "when": {"mlp.depth": [1, 2]}},
        },
        "points": [{"model": "mlp", "mlp.learning_rate": 0.01}],
        "objective": {"metric": "val/loss", "direction": "minimize"},
        "searcher": {"name": "random"},
        "scheduler": {"name": "asha", "min_epochs": 1, "reduction_factor": 3},
        "fidelity": {"max_epochs": 9},
        "budget": {"trials": 8, "minutes": 1.5, "target": 0.5},
    },
    {
        "data": "digits",
        "model": "mlp",
        "space": {"depth": 1, "width": {"choice": [8, 16], "prior": None}},
        "link": {},
        "objective": "val/accuracy",
        "searcher": {"name": "grid", "resolution": 3},
        "scheduler": "none",
        "fidelity": {"max_steps": 200, "every_steps": 20},
        "resources": {"cpus": 1, "gpus": 0.0},
        "parallel": 1,
        "checkpoint": {"every": "5s", "budget_gb": 5},
        "failures": {"attempts": 3},
        "trainer": {
            "gradient_clip_val": 1.0,
            "callbacks": [{"class": "EarlyStopping", "args": {"monitor": "val/loss"}}],
        },
        "refit": False,
    },
)
WORDS = (
    "name", "class", "args", "spec", "int", "float", "choice", "bool", "fixed", "when", "prior",
    "default", "step", "log", "sampling", "mlp", "cnn", "digits", "depth", "model",
    "data.batch_size", "learning_rate", "trials", "metric", "callbacks", "space", "link", "points",
    "trainer", "include",
)  # fmt: skip
NUMBERS = (0, -1, 1, 2**31, 2**63, 2**64, 10**30, -(10**400), 5e-324, 1e308, -0.0, float("nan"))
TEXTS = (
    "", " ", "null", "\x00", "\x1b[31m", "\ud7ff", "\ufeff", "\u202e", "é" * 40, "a" * 20_000, "..",
    "../../etc/passwd", "${env:", "${env:HOME}", "${env:NO_SUCH:-${env:X}}", "object:", "object:x",
    "a:b", ":", "a.b:", "raysearch.models.mlp.module:MLP", "1e999", "0x", "!!int", "*", "&a",
    "%", "@",
)  # fmt: skip

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(NUMBERS),
    st.sampled_from(TEXTS),
    st.sampled_from(WORDS),
    st.text(max_size=12),
)
keys = st.one_of(st.sampled_from(WORDS), st.sampled_from(TEXTS), st.text(max_size=6))
trees = st.recursive(
    scalars,
    lambda below: st.one_of(
        st.lists(below, max_size=4), st.dictionaries(keys, below, max_size=4)
    ),
    max_leaves=12,
)  # fmt: skip
domains = st.builds(
    lambda kind, bounds, rest: {kind: bounds, **rest},
    st.sampled_from(("int", "float", "choice", "bool", "fixed")),
    st.one_of(st.lists(scalars, max_size=3), trees),
    st.dictionaries(
        st.sampled_from(("step", "log", "sampling", "default", "prior", "when", "ordered")),
        trees,
        max_size=2,
    ),
)
PLACES = (
    "space", "model", "data", "objective", "searcher", "scheduler", "fidelity", "budget", "seed",
    "resources", "parallel", "checkpoint", "failures", "trainer", "refit", "link", "points", "name",
    "space.depth", "space.width", "space.learning_rate", "space.mlp.width", "budget.trials",
    "model.args", "data.args", "data.spec", "data.args.validation", "scheduler.min_epochs",
    "scheduler.reduction_factor", "searcher.resolution", "trainer.callbacks", "link.width",
    "include",
)  # fmt: skip


def _paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where something stands in plain values, as keys and positions."""
    below: list[tuple[Any, Any]] = []
    if isinstance(value, dict | list):
        below = list(value.items() if isinstance(value, dict) else enumerate(value))
    for key, inner in below:
        yield (*path, key)
        yield from _paths(inner, (*path, key))


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(inner) for key, inner in value.items()}
    return [_copy(inner) for inner in value] if isinstance(value, list) else value


LARGEST = 1e100
CHANGES = ("nudge",) * 5 + ("borrow", "drop", "replace", "domain", "rename", "wrap")


def nudged(value: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for what somebody might write in place of a value by a slip of the hand."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return st.sampled_from((value, not value, None))
    if isinstance(value, str):
        return st.sampled_from((value.upper(), value[:-1], f"{value} ", value * 2, *WORDS))
    if abs(value) > LARGEST:
        return st.sampled_from((-value, str(value)[:400], 0))
    near = (value + 1, value - 1, value * 10, value / 3, -value, float(value), str(value))
    return st.sampled_from((*near, *NUMBERS))


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """An experiment, in which some keys were dropped, renamed, moved or given other values."""
    values: dict[str, Any] = _copy(draw(st.one_of(experiments(), st.sampled_from(SOUND))))
    for _ in range(draw(st.integers(1, 2))):
        places = list(_paths(values))
        if not places:
            break
        *parents, last = draw(st.sampled_from(places))
        holder: Any = values
        for key in parents:
            holder = holder[key]
        match draw(st.sampled_from(CHANGES)):
            case "drop":
                del holder[last]
            case "nudge":
                holder[last] = draw(nudged(holder[last]))
            case "borrow":
                other = draw(experiments())
                values.update((key, other[key]) for key in [*parents, last][:1] if key in other)
            case "replace":
                holder[last] = draw(trees)
            case "domain":
                holder[last] = draw(domains)
            case "wrap":
                holder[last] = draw(st.sampled_from(([holder[last]], {"name": holder[last]})))
            case _ if isinstance(holder, dict):
                holder[draw(keys)] = holder.pop(last)
    return values


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    """The text of a sound file, with bytes cut out, put in or exchanged."""
    text = yaml.safe_dump(draw(st.sampled_from(SOUND)), sort_keys=False).encode()
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = start + draw(st.integers(0, 12))
        put = draw(
            st.one_of(
                st.binary(max_size=6),
                st.text("{}[]:,-#&*!|>'\"%@`?~ \n\t0e.", max_size=5).map(str.encode),
                st.sampled_from((b"---\n", b"<<: *a", b"!!python/name:os.system ", b"&a ", b"? ")),
            )
        )
        text = text[:start] + put + text[end:]
    return text


def written(values: Any) -> bytes:
    """Return plain values as the bytes of a file, also where YAML has to escape them."""
    return yaml.safe_dump(values, sort_keys=False, allow_unicode=False).encode()


def tried(folder: Path, content: bytes, *overrides: str) -> bool:
    """Load a file that holds these bytes, check what comes of it, return whether it was loaded."""
    path = folder / "fuzz.yaml"
    path.write_bytes(content)
    begun = time.process_time()
    try:
        experiment = load(path, overrides)
    except ConfigurationError as error:
        assert str(error).endswith("\nNothing was started.")
        for fault in error.faults:
            assert fault.startswith((str(path), "override ")), fault
        return False
    else:
        assert from_settings(experiment.settings) == experiment
        experiment.space.validate(experiment.space.default())
        again = folder / "again.yaml"
        again.write_text(to_yaml(experiment.settings), encoding="utf-8")
        assert load(again) == experiment
        return True
    finally:
        assert time.process_time() - begun < LONGEST_S


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


few = settings(
    max_examples=30,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def test_the_sound_files_are_experiments(folder: Path) -> None:
    for values in SOUND:
        assert tried(folder, written(values))


def test_most_that_the_grammar_draws_are_experiments(folder: Path) -> None:
    loaded: list[bool] = []

    @few
    @given(values=experiments())
    def load_each(values: dict[str, Any]) -> None:
        loaded.append(tried(folder, written(values)))

    load_each()
    assert sum(loaded) > len(loaded) / 2  # drawn without chance: the same ones every time


@few
@given(values=mutated())
def test_a_mutated_file_is_an_experiment_or_refused(folder: Path, values: dict[str, Any]) -> None:
    tried(folder, written(values))


@few
@given(place=st.sampled_from(PLACES), value=trees)
def test_any_tree_under_a_known_key(folder: Path, place: str, value: Any) -> None:
    values: dict[str, Any] = _copy(SOUND[0])
    section, _, key = place.partition(".")
    if key and isinstance(values.get(section), dict):
        values[section][key] = value
    else:
        values[section] = {key: value} if key else value
    tried(folder, written(values))


@few
@given(content=texts())
def test_any_bytes_are_an_experiment_or_refused(folder: Path, content: bytes) -> None:
    tried(folder, content)


@st.composite
def plausible_overrides(draw: st.DrawFn) -> str:
    """KEY=VALUE of a whole experiment, as it is or with a slip."""
    values = draw(experiments())
    path = draw(st.sampled_from([path for path in _paths(values) if type(path[-1]) is str]))
    value: Any = values
    for key in path:
        value = value[key]
    value = draw(st.one_of(st.just(value), nudged(value)))
    return f"{'.'.join(map(str, path))}={in_one_line(value)}"


override_values = st.one_of(
    st.text(max_size=12), st.sampled_from(TEXTS), domains.map(repr), trees.map(repr)
)


@few
@given(
    overrides=st.lists(
        st.one_of(
            plausible_overrides(),
            st.builds("{}={}".format, st.one_of(st.sampled_from(PLACES), keys), override_values),
            st.text(max_size=20),
        ),
        min_size=1,
        max_size=3,
    ),
)
def test_any_override_is_applied_or_refused(folder: Path, overrides: list[str]) -> None:
    tried(folder, written(SOUND[0]), *overrides)


HEAD = "data: digits\nmodel: mlp\nobjective: val/accuracy\nfidelity: {max_epochs: 9}\n"
MONSTERS = {
    "space: {width: {int: [0, 1000000000000000000000000000000]}}": "Stay within",
    f"space: {{width: {{int: [1, {'9' * 5000}]}}}}": "space.width.int",
    f"space: {{width: {{choice: [{','.join(map(str, range(10_001)))}]}}}}": "may have 10000",
    f"space: {{width: {{choice: [{','.join(map(str, range(10**6)))}]}}}}": "more than 200 kB",
    "searcher: {name: grid, resolution: 1000000000}": "in the grid, and may have 10000",
    "space: {dropout: {float: [0, 0.5], step: 1.0e-12}}\nsearcher: grid": "Give it a larger step",
    "points: " + "[" * 2000 + "]" * 2000: "nested too deeply",
    "space: " + "{when: " * 80 + "1" + "}" * 80: "nested too deeply",
    "- " * 70 + "x": "line 5",
    "points: [" + "{widt: 1}," * 2000 + "]": "1900 more faults",
    "".join(f"key{number}: 1\n" for number in range(1000)): "900 more faults",
    f"checkpoint: {{every: {'9' * 400}s}}": "seconds such as 5s",
    f'scheduler: "{"x" * 100_000}"': "xxx ... is not a scheduler",
    r'model: "\e[31mred"': r"\x1b[31mred is not a model family",
    "include: /dev/zero": "is a pipe or a device",
}
"""What a file holds -> what its refusal says."""


@pytest.mark.parametrize("text", MONSTERS, ids=MONSTERS.values())
def test_a_monster_is_refused_at_once(folder: Path, text: str) -> None:
    head = HEAD.replace("model: mlp\n", "") if text.startswith("model") else HEAD
    path = folder / "monster.yaml"
    path.write_text(f"{head}{text}\n", encoding="utf-8")
    begun = time.process_time()
    with pytest.raises(ConfigurationError) as caught:
        load(path)
    assert time.process_time() - begun < LONGEST_S
    assert MONSTERS[text] in str(caught.value)
    assert str(caught.value).endswith("\nNothing was started.")
    assert len(str(caught.value)) < 60_000


@pytest.mark.parametrize(
    "override",
    ["space.width={int: [0, 1e999]}", "a", "=", "..=1", "seed=\x00", "name=\ud7ff", "model=&a *a"],
)
def test_the_command_line_says_what_is_wrong(
    folder: Path, override: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "sound.yaml"
    path.write_bytes(written(SOUND[0]))
    assert main(["check", str(path), override]) == 2
    shown = "".join(capsys.readouterr())
    assert "Traceback" not in shown
    assert "Nothing was started." in shown


@settings(few, max_examples=10)
@given(content=texts())
def test_the_command_line_refuses_what_is_no_experiment(
    folder: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    if not tried(folder, content):
        assert main(["check", str(folder / "fuzz.yaml")]) == 2
        shown = "".join(capsys.readouterr())
        assert "Traceback" not in shown
        assert "Nothing was started." in shown
