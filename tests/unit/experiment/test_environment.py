from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from raysearch.errors import ConfigurationError
from raysearch.experiment import from_settings, load
from raysearch.experiment.document import Document
from raysearch.experiment.environment import expand
from raysearch.experiment.overrides import apply_overrides
from raysearch.experiment.reading import parse
from raysearch.experiment.report import Report
from raysearch.experiment.yaml_text import in_one_line, to_yaml

ENVIRON = {
    "TRIALS": "8",
    "NAME": "nets",
    "RATE": "1e-4",
    "YES": "true",
    "NONE": "null",
    "LIST": "[1, 2]",
    "EMPTY": "",
    "LOOP": "${env:NAME}",
    "INF": ".inf",
    "_x1": "u",
}


UNTOUCHED = "$NAME ${NAME} ~ %NAME% $(ls) ${ENV:NAME} env:NAME {env:NAME}"


def expanded(value: Any) -> Any:
    document = expand(Document(source="x", values={"key": value}), environ=ENVIRON)
    assert document.faults == ()
    return document.values["key"]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("${env:TRIALS}", 8),
        ("${env:RATE}", 1e-4),
        ("${env:YES}", True),
        ("${env:NONE}", None),
        ("${env:NAME}", "nets"),
        ("${env:LIST}", "[1, 2]"),
        ("${env:_x1}", "u"),
        ("${env:GONE:-9}", 9),
        ("${env:EMPTY:-9}", 9),
        ("${env:TRIALS:-9}", 8),
        ("${env:GONE:-}", None),
        ("${env:GONE:-a:-b c}", "a:-b c"),
        # within text, it is text
        ("${env:TRIALS} ", "8 "),
        ("/data/${env:NAME}/${env:TRIALS}.csv", "/data/nets/8.csv"),
        ("a${env:GONE:-}b", "ab"),
        ("${env:TRIALS}${env:TRIALS}", "88"),
        # nothing is expanded twice, and nothing else at all
        ("${env:LOOP}", "${env:NAME}"),
        ("$${env:TRIALS}", "${env:TRIALS}"),
        ("$$${env:TRIALS}", "$${env:TRIALS}"),
        ("$${env:}", "${env:}"),
        (UNTOUCHED, UNTOUCHED),
        (8, 8),
        (None, None),
        (["${env:TRIALS}", {"a": "${env:NAME}"}], [8, {"a": "nets"}]),
        ({"${env:NAME}": 3}, {"${env:NAME}": 3}),
    ],
)
def test_references_are_replaced_and_nothing_else(written, value):
    found = expanded(written)
    assert found == value
    assert type(found) is type(value)


WRONG = {
    "${env:GONE}": "The environment variable GONE is not set. Set it, or give a default: "
    "${env:GONE:-VALUE}.",
    "a ${env:NAME} ${env:GONE}": "The environment variable GONE is not set",
    "${env:EMPTY}": "The environment variable EMPTY is empty. Set it, or give a default",
    "${env:}": "${env:} does not name an environment variable. Write ${env:NAME} or",
    "${env:1X}": "${env:1X} does not name an environment variable",
    "${env:A B}": "${env:A B} does not name an environment variable",
    "${env:NAME-9}": "${env:NAME-9} does not name an environment variable",
    "${env: NAME}": "${env: NAME} does not name an environment variable",
    "${env:NAME": "The brace of ${env: is not closed. Write ${env:NAME} or ${env:NAME:-default}",
    "${env:GONE:-${env:NAME}}": "The default of GONE is another reference. Write it as plain text",
    "${env:INF}": "The variable holds .inf. It must be a finite number",
}


@pytest.mark.parametrize("written", WRONG)
def test_a_reference_that_cannot_be_replaced_is_a_fault_with_its_place(written):
    document = parse(f"seed: 1\nbudget:\n  trials: '{written}'", source="x.yaml")
    document = expand(document, environ=ENVIRON)
    (fault,) = document.faults
    assert str(fault).startswith(f"x.yaml, line 3: budget.trials is '{written}'. ")
    assert WRONG[written] in str(fault)
    assert document.values["budget"] == {"trials": written}


def test_what_is_wrong_with_a_reference_is_said_once():
    document = expand(parse("seed: ${env:GONE}", source="x.yaml"), environ={})
    report = Report(document)
    report.wrong(("seed",), "It must be an integer.")
    with pytest.raises(ConfigurationError) as caught:
        report.raise_faults()
    assert len(caught.value.faults) == 1


def test_messages_show_what_was_written_and_what_it_came_to():
    document = expand(parse("seed: 1\nname: x-${env:NAME}", source="x.yaml"), environ=ENVIRON)
    assert document.written(("name",)) == "x-${env:NAME} (x-nets)"
    assert document.written(("seed",)) == "1"
    assert document.place(("name",)).text == "x.yaml, line 2"


def test_overrides_may_refer_to_the_environment():
    document = apply_overrides(
        parse("seed: 1", source="x.yaml"), ["seed=${env:TRIALS}", "name=${env:GONE}"]
    )
    document = expand(document, environ=ENVIRON)
    assert document.values["seed"] == 8
    (fault,) = document.faults
    assert str(fault).startswith("override name=${env:GONE}: name is ${env:GONE}. The environment")


def test_the_environment_of_the_process_is_what_is_asked_by_default():
    document = Document(source="x", values={"key": "${env:PATH}"})
    assert expand(document).values == {"key": os.environ["PATH"]}


def test_a_reference_without_quotes_within_braces_is_told_what_to_do():
    with pytest.raises(ConfigurationError, match=r"line 2: .*column 19.*in quotes: \"\$\{env:NAME"):
        parse("seed: 1\nbudget: {trials: ${env:TRIALS}}", source="x.yaml")


TEXTS = st.lists(
    st.sampled_from(["$", "${", "${env:", "}", "NAME", ":-", "$${env:NAME}", "x"]), max_size=6
).map("".join)


@settings(deadline=None)  # the machine is shared; pytest's timeout holds
@given(TEXTS)
def test_what_is_written_to_a_file_is_never_taken_for_a_reference(text):
    values = {"a": [text, {"b": text}]}
    document = expand(parse(to_yaml(values), source="x"), environ={})
    assert document.faults == ()
    assert document.values == values


SOUND = {
    "data": "digits",
    "model": "mlp",
    "objective": "val/accuracy",
    "fidelity": {"max_epochs": 9},
    "trainer": {"max_time": "$${env:TRIALS}"},
}


def test_a_file_is_expanded_once_and_settings_never(tmp_path, monkeypatch):
    monkeypatch.setenv("TRIALS", "8")
    path = tmp_path / "x.yaml"
    lines = [f"{key}: {in_one_line(value)}" for key, value in SOUND.items()]
    path.write_text("\n".join([*lines, "budget: {trials: '${env:TRIALS}'}"]))
    experiment = load(path, ["seed=${env:TRIALS}"])
    assert (experiment.budget.trials, experiment.seed) == (8, 8)
    assert experiment.settings["trainer"]["max_time"] == "${env:TRIALS}"
    assert from_settings(experiment.settings) == experiment
    path.write_text(to_yaml(experiment.settings))
    assert load(path) == experiment
