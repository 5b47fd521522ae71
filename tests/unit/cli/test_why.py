"""What a person reads of leaders that were trained again, and of why the winner won."""

from __future__ import annotations

import pytest

from raysearch.report.facts import run_facts
from raysearch.report.shown import shown
from raysearch.report.why import curves, sentences, table, told_of, worth
from raysearch.results import Results
from raysearch.results.examples import keep_outcomes
from raysearch.results.importance import Effect, Importance
from tests.recorded import Recorded
from tests.unit.results.again import LUCKY, Again, led, opened
from tests.unit.results.seen import Sees


@pytest.fixture
def run(folder):
    """A search whose leaders are told apart, in runs/led-1: 0003 won, 0001 is second."""
    search = led(folder / "runs" / "led-1").finish()
    results = opened(search)
    results.tell_apart(executor=Again(LUCKY))
    right = {"0003": 38, "0001": 37, "0000": 20}
    keep_outcomes(results, executor=Sees(right))
    return search


def test_leaders_are_a_table_with_their_means(cli, run):
    lines = cli("results led-1").out.splitlines()
    head = next(n for n, line in enumerate(lines) if line.startswith("leader "))
    assert lines[head + 1].split()[:5] == ["0001", "0.9", "0.810", "±", "0.014"]
    assert lines[head + 2].split()[:2] == ["0003", "*"]
    assert "trained again with 2 seeds each, on training data alone" in lines[head + 4]
    text = "\n".join(lines)
    assert "(the best mean over seeds; the best observed is 0001)" in text
    assert "best mean over 2 further seeds of 3 leaders of the search" in text


def test_what_is_still_to_be_trained_is_said(cli, folder):
    search = led(folder / "runs" / "led-1").finish()
    with pytest.raises(KeyboardInterrupt):
        opened(search).tell_apart(executor=Again(LUCKY, stops=4))
    text = cli("results led-1").out
    assert "2 trainings of 6 to come:" in text
    assert "best so far trial 0001" in " ".join(text.split())
    assert "\nwinner" not in text
    assert "python -m raysearch resume runs/led-1" in text


def test_why_is_told_in_words_and_a_table(cli, run):
    text = " ".join(cli("results led-1 --why").out.split())
    assert "Trial 0003 won with val/accuracy 0.86 at epoch 2 of 2: the best mean" in text
    assert "Against the second, trial 0001 (0.9): 0.04 worse than it" in text
    assert "with further seeds 0.850 ± 0.014 against 0.810 ± 0.014, p = 0.33" in text
    assert "of 40 examples 1 are right with 0003 alone and 0 with 0001 alone, p = 1" in text
    assert "no more than chance: which is better cannot be told" in text
    assert "Against the default configuration, trial 0000 (0.6): 0.26 better" in text
    assert "On these examples that is more than chance gives." in text
    assert "What a parameter is worth is not known: it takes 20 trials with a value" in text
    assert "winner, 0003 second, 0001 default, 0000 worth" in text


def test_why_as_json_is_a_part_of_the_document(cli, run):
    document = cli("results led-1 --why --json").document
    assert document["winner"]["trial"] == document["why"]["winner"] == "0003"
    assert [each["roles"] for each in document["why"]["against"]] == [["second"], ["default"]]
    assert len(document["leaders"]) == 3


def test_why_is_about_one_run_and_needs_a_winner(cli, run, folder):
    Recorded(folder / "runs" / "none-1").finish()
    several = cli("results led-1 none-1 --why")
    assert several.status == 2
    assert "--why is about one run, and 2 are given" in several.err
    assert cli("results led-1 --why --csv").status == 2
    none = cli("results none-1 --why")
    assert none.status == 1
    assert "has no trials yet" in none.err
    assert cli("results none-1 --why --json").document["why"] is None


def test_the_report_has_the_same_with_curves(run):
    (drawn,) = shown([Results.read(run.run_dir.path)])
    told = told_of(drawn)
    figure = curves(drawn, told)
    names = [series.name for series in figure.panels[0].series]
    assert names == ["0003, winner", "0001, second", "0000, default"]
    assert figure.panels[0].series[1].y == [0.7, 0.9, 0.8]
    rows = table(run_results := Results.read(run.run_dir.path), told, importance=Importance())
    assert rows[0] == ("", "winner, 0003", "second, 0001", "default, 0000", "worth")
    assert rows[1][:4] == ("val/accuracy", "0.86", "0.9", "0.6")
    assert len(sentences(run_results, told, importance=Importance())) == 3


def test_the_default_that_wins_when_it_is_trained_again_is_told_as_the_default(cli, folder):
    search = Recorded(folder / "runs" / "again-1")
    default = search.trial(0.5, 0.6)
    search.trial(0.7)
    search.repeat(default, 0.8)
    search.finish()
    for text in (cli("results again-1").out, cli("trial again-1 2").out):
        assert "0.8, of the default configuration" in text
        assert "better than" not in text
    (drawn,) = shown([Results.read(search.run_dir.path)])
    assert ("val/accuracy", "0.8") in run_facts(drawn)
    told = told_of(drawn)
    assert [(rival.trial.id, rival.roles) for rival in told.rivals] == [("0001", ("second",))]
    said = sentences(drawn.results, told, importance=Importance())
    assert "The default configuration itself won: the search found nothing better." in said


def test_what_a_parameter_is_worth_adds_up_its_branches():
    effects = tuple(
        Effect(label=label, key="rate", share=share, n_trials=30, stands_out=stands_out)
        for label, share, stands_out in (("rate[a]", 0.3, False), ("rate[b]", 0.2, True))
    )
    assert worth("rate", Importance(effects=effects)) == "50% of all that mattered"
    assert worth("rate", Importance(effects=effects[:1])).endswith("no more than by chance")
    assert worth("width", Importance(effects=effects)) == ""
