"""What is to be written in place of a wrong value."""

from __future__ import annotations

import pytest

from raysearch.experiment.forms import SECTIONS, allows_null, example, keys_of
from raysearch.experiment.other_words import MEANT, meant_by
from raysearch.experiment.remedies import own_class, sentence, span

INTEGER, NUMBER, SWITCH, TEXT = "an integer", "a number", "true or false", "text"


@pytest.mark.parametrize(
    ("expected", "value", "remedy"),
    [
        (INTEGER, "64", "Write 64, without quotes or underscores."),
        (INTEGER, "1_000", "Write 1000, without quotes or underscores."),
        (INTEGER, "1e3", "Write 1000, without quotes or underscores."),
        (INTEGER, "\u201c64\u201d", "Write 64, without quotes or underscores."),
        (INTEGER, "\u201e64\u201c", "Write 64, without quotes or underscores."),
        (INTEGER, 1e3, "Write 1000."),
        (INTEGER, "9 epochs", "Write the number alone: 9."),
        (INTEGER, "many", ""),
        (INTEGER, 1.5, ""),
        (INTEGER, True, ""),
        (NUMBER, "1e-4", "Write 1e-4, without quotes or underscores."),
        (NUMBER, "10m", "Write the number alone: 10."),
        (NUMBER, "20%", "Write the number alone: 20."),
        (NUMBER, "1:30", "Write the number alone, without a colon."),
        (NUMBER, "$HOURS", "Write ${env:HOURS}."),
        (INTEGER, "${SEED}", "Write ${env:SEED}."),
        (INTEGER, "None", "Leave it out."),
        (SWITCH, "yes", "Write true: yes is plain text in YAML 1.2."),
        (SWITCH, "Off", "Write false: Off is plain text in YAML 1.2."),
        (SWITCH, "maybe", ""),
        (TEXT, 3, "Put it in quotes: '3'."),
        (TEXT, True, "Put it in quotes: 'true'."),
        (TEXT, 0.5, "Put it in quotes: '0.5'."),
        (TEXT, [3], ""),
        ("minimize or maximize", "max", "Did you mean maximize?"),
        ("minimize or maximize", "Minimise", "Did you mean minimize?"),
        ("minimize or maximize", 3, ""),
    ],
)
def test_the_usual_slips_have_their_remedies(expected, value, remedy):
    assert sentence([expected], value=value) == f"It must be {expected}. {remedy}".rstrip()


def test_null_is_proposed_where_it_is_right():
    assert sentence([NUMBER], value="None", allows_null=True).endswith("Write null.")
    assert allows_null(("budget", "minutes"))
    assert allows_null(("trainer", "precision"))
    assert not allows_null(("resources", "cpus"))
    assert not allows_null(("searcher", "gamma"))
    assert not allows_null(("no such section", 3))


def test_what_is_right_is_said_once():
    assert sentence([INTEGER, INTEGER, "null"], value=[]) == "It must be an integer or null."


@pytest.mark.parametrize(
    ("text", "range_"),
    [
        ("8-64", "{int: [8, 64]}"),
        ("8 - 64", "{int: [8, 64]}"),
        ("8..64", "{int: [8, 64]}"),
        ("8 to 64", "{int: [8, 64]}"),
        ("[8, 64]", "{int: [8, 64]}"),
        ("-8-64", "{int: [-8, 64]}"),
    ],
)
def test_a_span_is_written_as_a_range(text, range_):
    assert span(text, kind="int") == f" Write {range_}."


@pytest.mark.parametrize("text", ["8", "relu", "8-", "8-64-9", "a-b", ""])
def test_other_text_is_no_span(text):
    assert span(text, kind="float") == ""


@pytest.mark.parametrize(
    ("name", "here"),
    [("my_nets.Net", ", here my_nets:Net"), ("a.b.Net", ", here a.b:Net"), ("Net", ""),
     ("x/y.z", ""), ("3.5", "")],
)  # fmt: skip
def test_the_path_of_a_class_is_spelled_out_where_it_can_be_told(name, here):
    assert own_class(name) == f"For a class of your own write module:Class{here}. "


def test_every_word_of_another_tool_leads_to_a_key_that_there_is():
    for word, target in MEANT.items():
        section, _, key = target.partition(".")
        assert section in SECTIONS
        assert word not in SECTIONS
        is_free = section in ("space", "searcher", "scheduler") or not key
        assert is_free or key in keys_of(section)


def test_a_word_is_looked_up_in_its_surroundings():
    assert meant_by(("n_trials",), keys=SECTIONS) == "budget.trials"
    assert meant_by(("budget", "n_trials"), keys=["trials"]) == "trials"
    assert meant_by(("scheduler", "eta"), keys=["reduction_factor"]) == "reduction_factor"
    assert meant_by(("scheduler", "eta"), keys=["name"]) is None
    assert meant_by(("width",), keys=SECTIONS) is None


def test_keys_and_examples_are_known_at_every_depth():
    described = ("form", "has_lengths", "vocabulary", "target_length")
    assert keys_of("data", "spec") == ("task", "input_shape", "n_outputs", "n_train", *described)
    assert keys_of("trainer", "logger") == ("class", "args")
    assert keys_of("space", "hidden") == ()
    assert keys_of() == ()
    assert example(("points", 0)) == " For example: `points: [{learning_rate: 0.01}]`."
    assert example(("trainer", "logger")) == ""
    assert "input_shape: [3, 32, 32]" in example(("data", "spec"))
