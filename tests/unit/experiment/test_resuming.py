"""What a search becomes when it is resumed with other settings, without a run directory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from raysearch.errors import ConfigurationError
from raysearch.experiment import Budget, Refit, from_settings
from raysearch.experiment.resuming import Former, Wish, resumed
from raysearch.space import Int, Space
from raysearch.trial import Trial, trial_id
from tests.unit.experiment.test_fuzz import PLACES, few, keys, override_values

SETTINGS = {
    "name": "small",
    "data": "digits",
    "model": "mlp",
    "space": {"width": {"int": [8, 32], "default": 8}, "depth": 1, "optimizer": "adamw"},
    "points": [{"width": 32}, {"width": 12}, {"width": 8}],
    "objective": "val/accuracy",
    "searcher": {"name": "hyperopt", "gamma": 1.0},
    "fidelity": {"max_epochs": 4},
    "budget": {"trials": 8},
}


def former(*widths, first_points=None, journalled=None, **settings):
    """A search whose trials had these widths, and the default otherwise."""
    experiment = from_settings({**SETTINGS, **settings})
    default = experiment.space.default()
    trials = [
        Trial(id=trial_id(n), number=n, configuration={**default, "width": width})
        for n, width in enumerate(widths)
    ]
    points = experiment.settings["points"]
    return Former(
        settings=experiment.settings,
        first_points=points if first_points is None else first_points,
        space=(journalled or experiment.space).to_json(),
        trials=trials,
        used={"trials": len(trials)},
        source="run/experiment.yaml",
    )


def asked(*overrides, so_far=None, **wish):
    return resumed(so_far or former(8, 32), Wish(overrides=overrides, **wish))


def refused(*overrides, **changes):
    with pytest.raises(ConfigurationError) as raised:
        asked(*overrides, **changes)
    return raised.value.faults


def test_without_a_wish_nothing_changes():
    found = asked()
    assert (found.changed, found.notes) == ((), ())
    assert found.experiment == from_settings(SETTINGS)


@pytest.mark.parametrize("key", ["checkpoint", "failures", "resources", "refit", "points", "link"])
def test_what_a_journal_of_an_older_version_lacks_is_no_change(key):
    so_far = former(8, 32, points=[])
    older = {name: value for name, value in so_far.settings.items() if name != key}
    assert asked(so_far=Former(**{**_fields(so_far), "settings": older})).changed == ()
    inner = {**so_far.settings, "checkpoint": {"every": "5s", "budget_gb": 5.0}}  # without allow
    assert asked(so_far=Former(**{**_fields(so_far), "settings": inner})).changed == ()


def _fields(value):
    return {name: getattr(value, name) for name in type(value).__slots__}


@pytest.mark.parametrize("override", ["searcher=random", "searcher.name=random"])
def test_another_searcher_has_its_own_settings(override):
    found = asked(override)
    assert found.experiment.settings["searcher"] == {"name": "random"}
    assert "searcher.name" in found.changed
    assert found.notes == ()


def test_another_setting_of_the_same_leaves_the_others():
    found = asked("searcher.n_startup=3", "scheduler.reduction_factor=4")
    assert found.experiment.searcher.settings["gamma"] == 1.0
    assert found.changed == ("scheduler.reduction_factor", "searcher.n_startup")


def test_more_seeds_are_a_change_that_a_search_takes():
    found = asked("refit.seeds=3")
    assert (found.changed, found.experiment.settings["refit"]) == (("refit",), {"seeds": 3})
    more = asked("refit.seeds=5", so_far=former(8, refit={"seeds": 3}))
    assert (more.changed, more.experiment.refit) == (("refit.seeds",), Refit(seeds=5))
    assert asked("refit.seeds=1").changed == ()  # which is what true means


def test_what_the_fidelity_forbids_is_refused_by_the_usual_check():
    [fault] = refused("scheduler.min_epochs=5")
    assert "scheduler.min_epochs is 5. It must be an integer from 1 to 4." in fault


def test_a_wider_range_is_searched_and_tried_points_drop_out():
    found = asked("space.width.int=[4, 256]")
    assert found.changed == ("space.width",)
    assert found.experiment.space["width"][0].domain == Int(4, 256, default=8)
    assert found.experiment.settings["points"] == [{"width": 12}]
    assert [point["width"] for point in found.experiment.points] == [12]
    assert from_settings(found.experiment.settings) == found.experiment  # as its readers make it


def test_a_narrower_one_says_who_lies_outside():
    found = asked("space.width.int=[8, 16]")
    [note] = found.notes
    assert note.startswith("1 of 2 trials lies outside the new space (0001)")


def test_points_that_are_left_must_lie_in_the_space_and_the_message_says_how_to_go_on():
    narrow = ("space.width.int=[16, 256]", "space.width.default=16")
    [fault] = refused(*narrow)
    assert "points, number 2: width: 12 lies outside 16 to 256" in fault  # as in the settings
    way_out = "To leave it out: points=[]"
    assert f" {way_out}\nNothing was started." in fault
    found = asked(*narrow, way_out.partition(": ")[2])
    assert found.changed == ("points", "space.width")
    assert (found.experiment.points, found.experiment.settings["points"]) == ((), [])


def test_all_points_at_fault_are_left_out_at_once():
    so_far = former(8, points=[{"width": n} for n in (8, 12, 20, 10)])
    narrow = ("space.width.int=[16, 32]", "space.width.default=16")
    first, last = refused(*narrow, so_far=so_far)
    assert "points, number 2: " in first
    assert "points, number 4: " in last
    assert "To leave" not in first
    assert " To leave them out: points=[{width: 20}]\n" in last
    found = asked(*narrow, "points=[{width: 20}]", so_far=so_far).experiment
    assert [point["width"] for point in found.points] == [20]


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ("[]", []),
        ("[{width: 32}]", []),  # has been tried
        ("[{width: 20}]", [20]),
        ("[{width: 32}, {width: 20}]", [20]),
    ],
)
def test_points_that_were_not_tried_can_be_left_out(given, left):
    so_far = former(8, 32, points=[{"width": n} for n in (32, 12, 20)])
    found = asked(f"points={given}", so_far=so_far)
    assert found.changed == ("points",)
    assert [point["width"] for point in found.experiment.points] == left
    assert from_settings(found.experiment.settings) == found.experiment
    first_points = so_far.settings["points"]
    later = former(8, 32, first_points=first_points, points=found.experiment.settings["points"])
    assert asked(so_far=later).changed == ()


@pytest.mark.parametrize("given", ["[{width: 9}]", "[{width: 12}, {width: 9}]"])
def test_other_points_are_refused(given):
    [fault, _] = refused(f"points={given}")
    assert fault.startswith("points cannot be changed in a search that has begun")
    assert "Those that it has not tried yet can be left out" in fault


def test_a_fixed_value_becomes_a_range_and_an_option_brings_its_parameters():
    found = asked("space.depth.int=[1, 4]", "space.optimizer.choice=[adamw, sgd]")
    assert found.changed == ("space.depth", "space.optimizer")
    assert found.notes == ()
    assert "momentum" in found.experiment.space
    assert all(found.experiment.space.contains(t.configuration) for t in former(8, 32).trials)


def test_what_trials_do_not_say_is_refused():
    faults = refused("space.dropout={float: [0.0, 0.5], when: {activation: [gelu]}}")
    assert faults[0].startswith("space.dropout has another condition, and 2 of 2 trials")
    assert faults[-1].endswith("Nothing was changed.")


def test_all_refusals_come_at_once():
    faults = refused(
        "seed=5",
        "fidelity.max_epochs=8",
        "trainer.gradient_clip_val=1.0",
        "points=[{width: 9}]",
        "objective=val/loss",
        "data.args.validation=0.3",
        "space.dropout={float: [0.0, 0.5], when: {activation: [gelu]}}",
        "budget.trials=1",
    )
    begun = [fault.split()[0].rstrip(",").split(".")[0] for fault in faults[:-1]]
    assert begun == ["data", "fidelity", "objective", "points", "seed", "trainer", "budget"]
    again = refused(
        "seed=5",
        "space.dropout={float: [0.0, 0.5], when: {activation: [gelu]}}",
        "budget.trials=1",
    )
    assert [fault.split()[0] for fault in again[:-1]] == ["seed", "space.dropout", "budget.trials"]


def test_other_models_are_refused_and_not_their_parameters_one_by_one():
    faults = refused("model=[mlp, cnn]", so_far=former(8, 32, points=[], space={}))
    assert [fault.split()[0] for fault in faults] == ["model", "What"]


def test_python_has_its_own_words():
    sections = {
        "space": {"width": Int(8, 64, default=8)},
        "searcher": "random",
        "budget": {"trials": 200},
    }
    found = asked("scheduler=none", sections=sections)
    assert found.changed[:2] == ("budget.trials", "scheduler.brackets")
    assert found.experiment.space["width"][0].domain == Int(8, 64, default=8)
    assert found.experiment.space["depth"] == from_settings(SETTINGS).space["depth"]
    assert found.experiment.budget == Budget(trials=200)


@pytest.mark.parametrize(
    ("before", "asked_for", "expected"),
    [
        ({"name": "asha", "min_epochs": 3}, {"reduction_factor": 4}, ["asha", 3, 4]),
        (
            {"name": "asha", "min_epochs": 3},
            {"name": "asha", "reduction_factor": 4},
            ["asha", 3, 4],
        ),
        ({"min_epochs": 3}, {"name": "asha", "reduction_factor": 4}, ["asha", 3, 4]),
        ("asha", {"reduction_factor": 4}, ["asha", 1, 4]),
        ({"name": "asha", "min_epochs": 3}, "asha", ["asha", 1, 3]),
        ({"name": "asha", "min_epochs": 3}, {"name": "none"}, ["none", None, None]),
        ("none", {"name": "asha", "min_epochs": 2}, ["asha", 2, 3]),
        ("none", {}, ["none", None, None]),
    ],
)
def test_a_setting_in_python_is_one_of_the_former_scheduler(before, asked_for, expected):
    found = asked(so_far=former(8, scheduler=before), sections={"scheduler": asked_for}).experiment
    settings = found.settings["scheduler"]
    assert [settings.get(key) for key in ("name", "min_epochs", "reduction_factor")] == expected


def test_a_setting_in_python_that_the_former_one_has_not_is_refused():
    [fault] = refused(
        so_far=former(8, scheduler="none"), sections={"scheduler": {"reduction_factor": 4}}
    )
    assert "scheduler.reduction_factor is not a setting of none" in fault
    [fault] = refused(so_far=former(8, searcher="random"), sections={"searcher": {"n_history": 50}})
    assert "searcher.n_history is not a setting of random" in fault


FILE = """\
data: digits
model: mlp
space: {width: {int: [8, 64], default: 8}, depth: 1, optimizer: adamw}
points: [{width: 32}, {width: 12}, {width: 8}]
objective: val/accuracy
searcher: random
fidelity: {max_epochs: 4}
budget: {trials: "${env:TRIALS:-20}"}
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "another_name.yaml"
    path.write_text(FILE)
    return path


def test_a_changed_file_stands_in_for_all_settings(file):
    found = asked(file=file)
    assert {key.split(".")[0] for key in found.changed} == {"budget", "searcher", "space"}
    assert found.experiment.name == "small"
    assert found.experiment.budget.trials == 20
    assert found.experiment.settings["points"] == [{"width": 12}]
    assert asked("budget.trials=30", file=file).experiment.budget.trials == 30
    sections = {"space": {"width": Int(4, 16)}, "searcher": "grid"}
    given = asked(file=file, sections=sections).experiment
    assert (given.searcher.name, given.space["width"][0].domain) == ("grid", Int(4, 16))
    assert given.settings["space"]["depth"] == 1


def test_a_setting_in_python_is_one_of_the_searcher_in_the_file(file):
    file.write_text(FILE.replace("searcher: random", "searcher: {}\nscheduler: none"))
    found = asked(file=file, sections={"searcher": {"recommend": False}}).experiment
    assert (found.searcher.name, found.searcher.settings["recommend"]) == ("auto", False)
    text = FILE.replace("searcher: random", "searcher: {name: hyperopt, gamma: 0.7}")
    file.write_text(f"{text}\nscheduler: none")
    found = asked(file=file, sections={"searcher": {"n_startup": 3}}).experiment
    assert found.searcher.name == "hyperopt"
    assert [found.searcher.settings[key] for key in ("gamma", "n_startup")] == [0.7, 3]
    [fault] = refused(file=file, sections={"scheduler": {"reduction_factor": 4}})
    assert "scheduler.reduction_factor is not a setting of none" in fault


def test_points_have_the_numbers_and_the_lines_of_the_file(file):
    lines = "points:\n  - {width: 32}\n  - {width: 8}\n  - {width: 12}"
    text = FILE.replace("points: [{width: 32}, {width: 12}, {width: 8}]", lines)
    file.write_text(text.replace("[8, 64], default: 8", "[16, 64]"))
    [fault] = refused(file=file)
    assert "line 7: points, number 3: width: 12 lies outside 16 to 64" in fault
    file.write_text(file.read_text().replace("  - {width: 12}\n", ""))
    assert asked(file=file).experiment.points == ()


def test_the_same_file_can_be_given_again_when_its_points_have_been_tried(file):
    first = asked(file=file).experiment
    so_far = former(8, 32, 12, first_points=SETTINGS["points"], **_sections(first))
    again = asked(file=file, so_far=so_far)
    assert again.changed == ()
    assert again.experiment == from_settings(so_far.settings)


def _sections(experiment):
    return {key: experiment.settings[key] for key in ("space", "points", "searcher", "budget")}


def test_what_a_file_leaves_out_is_at_its_default_as_in_run(file):
    file.write_text(FILE.replace("objective: val/accuracy", "objective: val/loss\nseed: 3"))
    faults = refused(file=file)
    assert [fault.split()[0] for fault in faults[:-1]] == ["objective.direction,", "seed"]
    file.write_text("data: digits\nmodl: mlp\n")
    assert any("modl" in fault for fault in refused(file=file))


def test_the_journal_says_what_the_space_is_until_another_one_is_asked_for():
    """As if this version recommended another range than the one that the search began with."""
    recommended = from_settings(SETTINGS).space
    began = recommended.replaced({"dropout": 0.25})
    so_far = former(8, 32, journalled=began)
    assert asked(so_far=so_far).experiment.space == began
    assert asked("budget.trials=9", so_far=so_far).experiment.space == began
    assert asked("space.normalization=batch", so_far=so_far).experiment.space != began


def test_what_code_of_ones_own_describes_is_a_change_when_it_differs():
    settings = {
        "model": {"function": f"{__name__}:train"},
        "data": None,
        "objective": {"metric": "acc", "direction": "maximize"},
        "space": {"width": {"int": [8, 32], "default": 8}},
        "points": [],
    }
    so_far = former(8, 32, journalled=Space({"width": Int(8, 16)}), **settings)
    found = asked(so_far=so_far)
    assert found.changed == ("space",)
    assert found.experiment.space == Space({"width": Int(8, 32, default=8)})


RANGES = st.builds(
    "space.{}.{}={}".format,
    st.sampled_from(["width", "depth", "dropout", "optimizer", "momentum", "data.batch_size"]),
    st.sampled_from(["int", "float", "choice", "default", "step", "when", "when.loss"]),
    override_values,
)
ANY = st.one_of(
    RANGES,
    st.builds("{}={}".format, st.one_of(st.sampled_from(PLACES), keys), override_values),
    st.builds("{}.name={}".format, st.sampled_from(["searcher", "scheduler"]), override_values),
    st.text(max_size=12),
)


@few
@given(overrides=st.lists(ANY, min_size=1, max_size=3))
def test_any_change_is_used_or_refused(overrides):
    so_far = former(8, 32)
    try:
        found = asked(*overrides, so_far=so_far)
    except ConfigurationError as error:
        assert all(error.faults)
    else:
        known = {trial.id for trial in so_far.trials if fits(found, trial)}
        assert (len(known) < len(so_far.trials)) is bool(found.notes)


def fits(found, trial):
    return found.experiment.space.contains(trial.configuration)


def train(config, report):
    """Is never called: only its arguments are looked at."""
