"""Does the benchmark of search methods count what it says? On a table made by hand."""

from __future__ import annotations

import importlib
import json
import runpy
from typing import Any

import numpy as np
import pytest

from raysearch.space import Choice, Space
from raysearch.trial import Objective, Suggestion
from tests.experiments.documents import ROOT

ACCURACY = Objective(metric="acc", direction="maximize")
VALUES = (0, 1, 2, 3, 4)
MEANS = (0.5, 0.6, 0.7, 0.8, 0.9)
"""Mean accuracies: the best one is 0.9, the median one 0.7."""


@pytest.fixture(autouse=True)
def _beside_the_benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "experiments" / "benchmarks")


def part(name: str) -> Any:
    return importlib.import_module(f"search_quality.{name}")


class Trainings:
    """Two trainings of each configuration: 0.2 above and below its mean."""

    def __init__(self, seconds: tuple[float, ...] = (1.0,) * 5) -> None:
        self.search_space = {"x": list(VALUES)}
        self._seconds = seconds

    def reseed(self, seed: int) -> None:
        self._rng = np.random.default_rng(seed)

    def __call__(self, configuration: dict[str, Any]) -> dict[str, float]:
        x = configuration["x"]
        noise = 0.2 if self._rng.random() < 0.5 else -0.2
        return {"acc": MEANS[x] + noise, "train_time": self._seconds[x]}


def table(**settings: Any) -> Any:
    return part("tables").Table(
        name="by hand",
        space=Space({"x": Choice(list(VALUES), ordered=True)}),
        objective=ACCURACY,
        trainings=Trainings(**settings),
        losses={str(x): -mean for x, mean in zip(VALUES, MEANS, strict=True)},
        best=-0.9,
        median=-0.7,
    )


class Scripted:
    """Suggests what it was told to, and remembers what it saw."""

    def __init__(self, values: list[int], recommended: int | None = None) -> None:
        self.values, self.recommended = values, recommended
        self.seen: list[tuple[int, list[int], list[int]]] = []
        self.observed: list[int] = []

    def suggest(self, *, number: int, pending: list[Any]) -> Suggestion:
        self.seen.append((number, [trial.number for trial in pending], list(self.observed)))
        return Suggestion(configuration={"x": self.values[number - 1]}, origin={"kind": "scripted"})

    def observe(self, trial: Any) -> None:
        self.observed.append(trial.number)


class Recommending(Scripted):
    """Hands over another trial than the best one observed."""

    def recommend(self, trials: list[Any]) -> Any:
        found = [trial for trial in trials if trial.configuration["x"] == self.recommended]
        return found[0] if found else None


def run(
    searcher: Scripted, *, of: Any = None, seed: int = 0, workers: int = 1, duration: str = "table"
) -> dict[str, Any]:
    figures: dict[str, Any] = part("running").search(
        part("methods").Method(label="scripted", make=lambda *_, **__: searcher),
        of or table(),
        seed=seed,
        evaluations=len(searcher.values),
        workers=workers,
        duration=duration,
    )
    return figures


def test_regret_is_zero_at_the_best_one_at_the_median_and_more_below() -> None:
    assert [round(table().regret({"x": x}), 9) for x in VALUES] == [2, 1.5, 1, 0.5, 0]


def test_the_incumbent_is_the_best_observed_whatever_its_mean() -> None:
    # The second one looks better where it is drawn above its mean, and the first one below.
    found = {run(Scripted([2, 1]), seed=seed)["regret"]["2"] for seed in range(20)}
    assert found == {1.0, 1.5}
    assert run(Scripted([2, 1]))["regret"] == run(Scripted([2, 1]))["regret"]


def test_what_a_method_recommends_is_taken_and_no_opinion_is_none() -> None:
    assert run(Recommending([4, 0, 2], recommended=0))["regret"]["3"] == 2
    seeds = range(20)
    silent = [run(Recommending([4, 0], recommended=3), seed=s)["regret"]["2"] for s in seeds]
    assert set(silent) == {0.0}  # 0.9 - 0.2 is above 0.5 + 0.2 in doubt: the first of equals


def test_beside_it_stand_the_best_observed_and_the_best_evaluated() -> None:
    found = [run(Recommending([2, 1], recommended=1), seed=seed) for seed in range(20)]
    assert {figures["regret"]["2"] for figures in found} == {1.5}
    assert {figures["observed"]["2"] for figures in found} == {1.0, 1.5}
    assert {figures["evaluated"]["2"] for figures in found} == {1.0}


def test_marks_are_those_before_the_last_evaluation_and_it() -> None:
    assert list(run(Scripted([0, 1, 2, 3, 4] * 6))["regret"]) == ["25", "30"]


def test_with_workers_those_that_run_are_pending_and_the_short_ones_end_first() -> None:
    searcher = Scripted([4, 0, 1, 2])
    run(searcher, of=table(seconds=(1.0, 1.5, 9.0, 9.0, 10.0)), workers=2)
    assert searcher.seen == [(1, [], []), (2, [1], []), (3, [1], [2]), (4, [1], [2, 3])]
    assert searcher.observed == [2, 3, 1, 4]


def test_trainings_that_take_the_same_time_end_in_their_order() -> None:
    searcher = Scripted([4, 0, 1, 2])
    run(searcher, of=table(seconds=(1.0, 1.5, 9.0, 9.0, 10.0)), workers=2, duration="equal")
    assert searcher.seen == [(1, [], []), (2, [1], []), (3, [2], [1]), (4, [3], [1, 2])]
    assert searcher.observed == [1, 2, 3, 4]


def test_a_summary_has_means_errors_and_a_test_against_random() -> None:
    def line(method: str, seed: int, regret: float) -> dict[str, Any]:
        figures = {"regret": {"100": regret}, "ms": {"100": 1.0}}
        return {"method": method, "table": "a", "seed": seed, "workers": 1, **figures}

    lines = [line("random", seed, 0.5 + seed / 100) for seed in range(8)]
    lines += [line("good", seed, 0.1) | {"evaluated": {"100": 0.05}} for seed in range(8)]
    random, good = part("summary").summaries([*lines, lines[-1] | {"seed": 0}])
    assert good["evaluated"] == {"100": 0.05}
    assert not {"evaluated", "observed"} & {*random}  # lines that were printed by an older version
    assert random["p_no_better_than_random"] is None
    assert random["regret"] == {"100": 0.535}
    assert random["standard_error"] == {"100": round(np.sqrt(6 / 10_000 / 8), 4)}
    assert (good["seeds"], good["regret"], good["standard_error"]) == (
        8,
        {"100": 0.1},
        {"100": 0.0},
    )
    assert good["p_no_better_than_random"] == 0.0039  # 1 / 2 ** 8
    equal = [line | {"duration": "equal"} for line in lines[2:]]
    found = list(part("summary").summaries([*lines, *equal]))
    assert [(each["method"], each["duration"], each["seeds"]) for each in found] == [
        ("random", "table", 8), ("good", "table", 8), ("random", "equal", 6), ("good", "equal", 8)
    ]  # fmt: skip
    assert found[3]["p_no_better_than_random"] == 0.016  # 1 / 2 ** 6


def test_the_command_passes_on_how_long_trainings_take(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told: list[str] = []

    def search(*_: Any, duration: str, **__: Any) -> dict[str, Any]:
        told.append(duration)
        return {"regret": {"3": 0.5}, "ms": {"3": 1.0}}

    monkeypatch.setattr(part("tables"), "load", lambda _: table())
    monkeypatch.setattr(part("running"), "search", search)
    words = ["--methods", "random", "--tables", "car", "--seeds", "1", "--duration", "equal"]
    monkeypatch.setattr("sys.argv", ["search_quality.py", *words])
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(
            str(ROOT / "experiments" / "benchmarks" / "search_quality.py"), run_name="__main__"
        )
    assert (ended.value.code, told) == (None, ["equal"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["duration"] for line in lines] == ["equal", "equal"]


def test_settings_are_read_from_the_name_of_a_method() -> None:
    method = part("methods").method_of("evolution,population_size=7,tournament_size=2")
    assert method.make.keywords == {"population_size": 7, "tournament_size": 2}
    assert method.build(table(), seed=3).suggest(number=1, pending=[]).origin == {"kind": "random"}
