"""Spaces from functions: what is met, under which conditions, and what is refused."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from raysearch.errors import ConfigurationError
from raysearch.space import Bool, Choice, Fixed, Float, Int, Prior, Space
from raysearch.space.define_by_run import Replay, record_space
from raysearch.space.questions import Recorder


def example(hp):
    depth = hp.Int("depth", 1, 3)
    widths = [hp.Int(f"width_{i}", 8, 64, step=8) for i in range(depth)]
    momentum = None
    if hp.Choice("optimizer", ["sgd", "adam"]) == "sgd":
        momentum = hp.Float("momentum", 0.0, 0.99)
    return widths, momentum


def test_the_space_of_a_function():
    assert record_space(example) == Space(
        {
            "depth": Int(1, 3),
            "width_0": Int(8, 64, step=8),
            "width_1": Int(8, 64, step=8, when={"depth": [2, 3]}),
            "optimizer": Choice(["sgd", "adam"]),
            "momentum": Float(0.0, 0.99, when={"optimizer": ["sgd"]}),
            "width_2": Int(8, 64, step=8, when={"depth": [3]}),
        }
    )


def test_all_domains_with_all_arguments():
    def build(hp):
        hp.Int("i", 8, 256, step=2, log=True, default=16)
        hp.Float("f", 1e-4, 1e-1, sampling="log", prior=Prior(1e-2, 0.5))
        hp.Float("g", 0, 1, step=0.25, default=0.5)
        hp.Choice("c", [None, 1, "x"], ordered=True, default="x", prior=Prior(1, 0.5))
        hp.Bool("b", default=True)
        hp.Fixed("k", 0.5)

    assert record_space(build) == Space(
        {
            "i": Int(8, 256, step=2, log=True, default=16),
            "f": Float(1e-4, 1e-1, log=True, prior=Prior(1e-2, 0.5)),
            "g": Float(0.0, 1.0, step=0.25, default=0.5),
            "c": Choice([None, 1, "x"], ordered=True, default="x", prior=Prior(1, 0.5)),
            "b": Bool(default=True),
            "k": Fixed(0.5),
        }
    )


def test_a_function_that_asks_for_nothing_has_an_empty_space():
    assert len(record_space(lambda hp: None)) == 0


def test_a_sibling_is_explained_by_the_branch_and_not_by_its_neighbour():
    def build(hp):
        if hp.Choice("model", ["cnn", "mlp"]) == "mlp":
            hp.Bool("norm")
            if hp.Choice("kernel", [3, 5]) == 5:
                hp.Int("dilation", 1, 4)
            hp.Int("width", 1, 9)

    whens = {p.key: p.when for p in record_space(build)}
    assert whens == {
        "model": (),
        "norm": (("model", ("mlp",)),),
        "kernel": (("model", ("mlp",)),),
        "dilation": (("kernel", (5,)),),
        "width": (("model", ("mlp",)),),
    }


def test_two_and_three_parents_together():
    def build(hp):
        a, b, c = (hp.Choice(name, ["x", "y", "z"]) for name in "abc")
        if a != "x" and b == "z":
            hp.Bool("two")
            if c == "y":
                hp.Bool("three")

    space = record_space(build)
    assert space["two"][0].when == (("a", ("y", "z")), ("b", ("z",)))
    assert space["three"][0].when == (("c", ("y",)), ("two", (False, True)))


def test_values_that_python_calls_equal_are_different_parents():
    def build(hp):
        value = hp.Choice("value", ["1", 1.5, True])
        if value is True:
            hp.Bool("flag")
        if value == "1":
            hp.Bool("text")

    space = record_space(build)
    assert space["flag"][0].when == (("value", (True,)),)
    assert space["text"][0].when == (("value", ("1",)),)


def test_one_name_with_another_range_in_each_branch():
    def build(hp):
        if hp.Choice("model", ["cnn", "mlp"]) == "cnn":
            hp.Int("width", 8, 64)
        else:
            hp.Int("width", 64, 512)

    space = record_space(build)
    assert [p.label for p in space] == ["model", "width[model=cnn]", "width[model=mlp]"]
    assert [p.domain for p in space["width"]] == [Int(8, 64), Int(64, 512)]


def test_a_range_that_depends_on_another_value():
    def build(hp):
        hp.Int("heads", 1, hp.Int("width", 1, 3))

    rng = np.random.default_rng(0)
    space = record_space(build)
    assert len(space["heads"]) == 3
    for configuration in (space.sample(rng) for _ in range(50)):
        assert configuration["heads"] <= configuration["width"]


def test_what_cannot_be_explained_is_always_active():
    def build(hp):
        if hp.Float("dropout", 0, 1) > 0.7:
            hp.Bool("spatial")
        if hp.Int("n", 1, 1000) > 10 and hp.Bool("wide"):
            hp.Int("more", 1, 2)

    space = record_space(build)
    assert space["spatial"][0].when == ()
    assert space["more"][0].when == (("wide", (True,)),)


def test_another_range_where_it_cannot_be_told_when_is_refused():
    def build(hp):
        hp.Int("b", 0, 5 if hp.Float("a", 0, 1) > 0.5 else 9)

    with pytest.raises(ConfigurationError) as caught:
        record_space(build)
    assert str(caught.value) == (
        "b is asked for as {'int': [0, 9]} or as {'int': [0, 5]}, and which of them when does not "
        "follow from parameters with up to 64 values. Use a name for each."
    )


def test_one_name_with_two_ranges_at_once_is_refused():
    def build(hp):
        hp.Int("width", 8, 64)
        hp.Int("width", 8, 32)

    with pytest.raises(ConfigurationError) as caught:
        record_space(build)
    message = str(caught.value)
    assert "width is asked for twice, as {'int': [8, 64]} and as {'int': [8, 32]}" in message
    assert f"{__file__}, line " in message


def test_asking_again_gives_the_same_value():
    rng = np.random.default_rng(0)
    recorder = Recorder(lambda name, domain: domain.sample(rng))
    assert len({recorder.Float("x", 0, 1) for _ in range(5)}) == 1
    assert list(recorder.run) == ["x"]


def test_what_the_function_raises_is_told_with_values_and_line():
    def build(hp):
        size = 8
        for i in range(hp.Int("depth", 1, 4)):
            size //= hp.Choice(f"stride_{i}", [2, 4])
        return 1 / size

    with pytest.raises(ConfigurationError) as caught:
        record_space(build)
    message = str(caught.value)
    line = build.__code__.co_firstlineno + 4
    assert f"build(hp) ({__file__}, line {line}) raised ZeroDivisionError: " in message
    assert "It had been given depth = 4, stride_0 = 2, stride_1 = 2, stride_2 = 2" in message
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda hp: hp.Int("a", 5, 1), r"<lambda>\(hp\) \(.*test_define_by_run.py, line .* a: "),
        (lambda hp: hp.Int(1, 5), "missing 1 required positional argument: 'high'"),
        (lambda hp: hp.Int(1, 5, 7), "1 is an int, and a name is needed first"),
        (lambda hp: hp.Bool(""), '"" is text, and a name is needed first'),
        (lambda hp: hp.Choice("a", "relu"), "a: values is relu, text. Give a list of plain"),
        (lambda hp: hp.Choice("a", {"x": Space({})}), "a: values is .*, a dict. Give a list"),
        (lambda hp: hp.Choice("a", [int, float]), "a: .*<class 'int'>.*plain value"),
        (lambda hp: hp.Int("a", 1, 2, when={"b": 1}), "unexpected keyword argument 'when'"),
    ],
)
def test_questions_that_make_no_sense_are_refused(ask, words):
    with pytest.raises(ConfigurationError, match=words):
        record_space(ask)


def test_what_depends_on_more_than_the_values_is_refused():
    count = itertools.count()
    with pytest.raises(ConfigurationError) as caught:
        record_space(lambda hp: hp.Int(f"width_{next(count)}", 1, 3))
    message = str(caught.value)
    assert "it asked for width_0, {'int': [1, 3]} in one run, and for width_1" in message
    assert "which had width_1 = 2" in message


def test_a_branch_that_depends_on_more_than_the_values_is_refused():
    answers = itertools.cycle([True, False])
    with pytest.raises(ConfigurationError, match="for nothing more in another, which had a = true"):
        record_space(lambda hp: hp.Bool("a") and next(answers) and hp.Bool("b"))

    def build(hp):  # no two runs but the first begin alike
        if hp.Float("x", 0, 1) > 0.5 and next(answers):
            hp.Bool("b")

    with pytest.raises(ConfigurationError, match="With the same values before"):
        record_space(build)


@pytest.mark.parametrize("settings", [{"max_runs": 1}, {"n_random": -1}, {"seed": 0.5}])
def test_settings_out_of_range_are_refused(settings):
    ((name, value),) = settings.items()
    with pytest.raises(ConfigurationError, match=f"{name} is {value}"):
        record_space(example, **settings)


def counted(build):
    calls = Counter()

    def counting(hp):
        calls["n"] += 1
        return build(hp)

    return counting, calls


def test_the_number_of_runs_is_bounded_and_few_are_repeated():
    def large(hp):
        for i in range(60):
            hp.Choice(f"op_{i}", list(range(20)))

    build, calls = counted(large)
    assert len(record_space(build, max_runs=100)) == 60
    assert calls["n"] == 100

    build, calls = counted(lambda hp: [hp.Bool("a"), hp.Bool("b")])
    record_space(build)
    assert calls["n"] == 5 + 5  # four, the default twice; and all of these once more

    build, calls = counted(example)
    record_space(build)
    assert calls["n"] < 120


def test_the_same_seed_records_the_same():
    def build(hp):
        drawn = [hp.Float(f"x_{i}", 0, 1) for i in range(3)]
        if sum(drawn) > 1.5:
            hp.Bool("a")

    assert record_space(build, seed=3) == record_space(build, seed=3)


def test_replay_answers_with_the_configuration():
    hp = Replay({"depth": 2, "width_0": 8, "width_1": 16, "optimizer": "sgd", "momentum": 0.5})
    assert example(hp) == ([8, 16], 0.5)
    assert hp.met == {}


def test_replay_ignores_ranges_and_remembers_what_it_does_not_know():
    hp = Replay({"width": 1000})
    assert hp.Int("width", 8, 64) == 1000
    assert hp.Float("dropout", 0, 0.5) == hp.Float("dropout", 0, 0.9) == 0.25
    assert hp.met == {"dropout": Float(0, 0.5)}
    with pytest.raises(ConfigurationError, match=r"rate: .*outside"):
        hp.Float("rate", 0, 1, default=2.0)


# ---- random functions


@st.composite
def trees(draw, *, depth=3, prefix="p"):
    """Return a tree of questions: (name, number of values, children by sets of values)."""
    questions = []
    for number in range(draw(st.integers(1, 3))):
        name = f"{prefix}{number}"
        n_values = draw(st.integers(2, 4))
        branches = []
        for branch in range(draw(st.integers(0, 2)) if depth > 1 else 0):
            values = draw(st.sets(st.integers(0, n_values - 1), min_size=1, max_size=n_values - 1))
            below = draw(trees(depth=depth - 1, prefix=f"{name}_{branch}_"))
            branches.append((frozenset(values), below))
        kind = draw(st.sampled_from(["choice", "int", "bool"]))
        questions.append(
            (name, kind if n_values == 2 or kind != "bool" else "int", n_values, branches)
        )
    return questions


def ask(hp, questions):
    for name, kind, n_values, branches in questions:
        if kind == "choice":
            value = int(hp.Choice(name, [str(v) for v in range(n_values)]))
        elif kind == "int":
            value = hp.Int(name, 0, n_values - 1)
        else:
            value = int(hp.Bool(name))
        for values, below in branches:
            if value in values:
                ask(hp, below)


class Asked(Replay):
    """Also remembers the names."""

    def __init__(self, values):
        super().__init__(values)
        self.names = []

    def _value(self, name, make):
        self.names.append(name)
        value = super()._value(name, make)
        assert make().contains(value)
        return value


def assert_asks_for_what_is_active(build, space, *, seed, n=30):
    rng = np.random.default_rng(seed)
    for configuration in [space.default(), *(space.sample(rng) for _ in range(n))]:
        hp = Asked(configuration)
        build(hp)
        assert hp.met == {}
        assert set(hp.names) == set(configuration)


PROFILE = settings(
    max_examples=25,
    deadline=None,  # the machine is shared; pytest's timeout holds
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
)


@PROFILE
@given(trees(), st.integers(0, 2**32 - 1))
def test_a_tree_is_recorded_exactly(questions, seed):
    def build(hp):
        ask(hp, questions)

    assert_asks_for_what_is_active(build, record_space(build), seed=seed)


@PROFILE
@given(st.integers(3, 6), st.data())
def test_conjunctions_are_recorded_exactly(n_parents, data):
    rules = data.draw(
        st.lists(
            st.dictionaries(
                st.integers(0, n_parents - 1),
                st.sets(st.integers(0, 2), min_size=1, max_size=2),
                min_size=1,
                max_size=2,
            ),
            max_size=4,
        )
    )

    def build(hp):
        given_ = [hp.Int(f"parent_{i}", 0, 2) for i in range(n_parents)]
        for number, rule in enumerate(rules):
            if all(given_[parent] in values for parent, values in rule.items()):
                hp.Float(f"child_{number}", 0, 1)

    assert_asks_for_what_is_active(build, record_space(build), seed=n_parents)


def test_the_import_loads_nothing_heavy():
    heavy = {"torch", "lightning", "pytorch_lightning", "ray", "sklearn", "pandas", "numpy"}
    code = f"import sys, raysearch.space.define_by_run; print({heavy} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
