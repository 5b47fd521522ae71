from __future__ import annotations

from typing import Any

import pytest
from tensorboard.plugins.hparams import api_pb2 as api
from tensorboard.plugins.hparams import metadata

from raysearch.live import hparams
from raysearch.space import Bool, Choice, Fixed, Float, Int, Space
from raysearch.trial import TrialStatus


def infos(space: Space, *, metrics: tuple[str, ...] = ()) -> Any:
    event = hparams.experiment(hparams.columns(space), metrics=metrics, at=5.0)
    (value,) = event.summary.value
    assert value.tag == metadata.EXPERIMENT_TAG
    return metadata.parse_experiment_plugin_data(value.metadata.plugin_data.content)


def column(domain: Any) -> Any:
    (info,) = infos(Space({"x": domain})).hparam_infos
    return info


def listed(info: Any) -> list[Any]:
    return [getattr(value, value.WhichOneof("kind")) for value in info.domain_discrete.values]


@pytest.mark.parametrize("domain", [Int(8, 64, step=8), Float(8.0, 64.0, log=True)])
def test_numbers_are_intervals(domain: Any) -> None:
    info = column(domain)
    assert info.type == api.DATA_TYPE_FLOAT64
    assert (info.domain_interval.min_value, info.domain_interval.max_value) == (8.0, 64.0)
    assert info.differs


@pytest.mark.parametrize(
    ("domain", "kind", "values"),
    [
        (Choice([32, 64]), api.DATA_TYPE_FLOAT64, [32.0, 64.0]),
        (Choice(["sgd", "adam"]), api.DATA_TYPE_STRING, ["sgd", "adam"]),
        (Choice([None, 0.5, "auto"]), api.DATA_TYPE_STRING, ["null", "0.5", "auto"]),
        (Choice([True, False]), api.DATA_TYPE_BOOL, [True, False]),
        (Choice([True, 2]), api.DATA_TYPE_STRING, ["true", "2"]),
        (Bool(), api.DATA_TYPE_BOOL, [False, True]),
        (Fixed(3), api.DATA_TYPE_FLOAT64, [3.0]),
    ],
)
def test_choices_are_listed(domain: Any, kind: int, values: list[Any]) -> None:
    info = column(domain)
    assert info.type == kind
    assert listed(info) == values
    assert info.differs == (len(values) > 1)


def in_branches(first: Any, second: Any) -> Any:
    space = Space({"model": Choice({"a": Space({"x": first}), "b": Space({"x": second})})})
    found = {info.name: info for info in infos(space).hparam_infos}
    assert list(found) == ["model", "x"]
    return found["x"]


def test_a_key_of_two_branches_is_one_column_for_both() -> None:
    info = in_branches(Int(8, 64), Choice([4, 128]))
    assert (info.domain_interval.min_value, info.domain_interval.max_value) == (4.0, 128.0)
    assert listed(in_branches(Choice(["a", "b"]), Choice(["b", "c"]))) == ["a", "b", "c"]
    mixed = in_branches(Int(8, 64), Choice(["wide"]))
    assert mixed.type == api.DATA_TYPE_STRING
    assert mixed.WhichOneof("domain") is None


def test_columns_have_room_for_trials_of_another_space() -> None:
    space = Space({"width": Int(8, 64), "norm": Choice(["none", "batch"]), "bias": Bool()})
    by_key = hparams.columns(space)
    inside = {"width": 8, "norm": "batch", "bias": True}
    assert hparams.widened(by_key, configurations=[inside]) == by_key
    others = [{"width": 100, "norm": "layer", "bias": True}, {"width": 4, "old": 0.5}]
    wide = hparams.widened(by_key, configurations=others)
    assert (wide["width"].low, wide["width"].high) == (4, 100)
    assert wide["norm"].listed == ["none", "batch", "layer"]
    assert wide["width"].is_common
    assert not wide["old"].is_common
    assert wide["bias"] == by_key["bias"]
    assert hparams.columns(space) == by_key  # which is left as it was


@pytest.mark.parametrize(
    ("domain", "value"),
    [
        (Int(1, 8), None),
        (Float(0.0, 1.0), "auto"),
        (Int(1, 8), True),
        (Bool(), None),
        (Bool(), 1),
        (Choice(["a", "b"]), 5),
        (Choice([1, 2]), None),
    ],
)
def test_a_column_with_a_value_of_another_type_hides_nothing(domain: Any, value: Any) -> None:
    by_key = hparams.columns(Space({"x": domain}))
    wide = hparams.widened(by_key, configurations=[{"x": value}, {"x": "later"}, {"x": 0.5}])["x"]
    assert wide.type == api.DATA_TYPE_STRING
    assert wide.is_open
    assert wide.is_common


def test_a_column_that_may_hold_anything_goes_on_doing_so() -> None:
    inner = {"a": Int(8, 64), "b": Choice(["wide"]), "c": Choice(["narrow"])}
    branches = {name: Space({"x": domain}) for name, domain in inner.items()}
    by_key = hparams.columns(Space({"model": Choice(branches)}))
    assert by_key["x"].is_open
    others = [{"x": "wider"}, {"x": 100}, {"x": None}]
    assert hparams.widened(by_key, configurations=others)["x"].is_open


def test_equal_numbers_are_one_value_and_true_is_not_a_number() -> None:
    by_key = hparams.columns(Space({"n": Choice([1, 2]), "mixed": Choice([True, "a"])}))
    assert hparams.widened(by_key, configurations=[{"n": 1.0, "mixed": True}]) == by_key
    assert hparams.widened(by_key, configurations=[{"mixed": 1}])["mixed"].is_open


def test_columns_that_every_trial_fills_are_shown_first() -> None:
    assert not in_branches(Int(8, 64), Int(8, 64)).differs
    assert column(Int(8, 64)).differs


def test_metrics_have_names_and_the_best_is_first() -> None:
    metrics = infos(Space({}), metrics=("val/loss", "best/val/loss", "train/loss")).metric_infos
    assert [(info.name.tag, info.display_name) for info in metrics] == [
        ("best/val/loss", "best val/loss"),
        ("val/loss", "val/loss"),
        ("train/loss", "train/loss"),
    ]
    assert metrics[0].dataset_type == api.DATASET_VALIDATION
    assert metrics[2].dataset_type == api.DATASET_TRAINING


def test_a_configuration_is_written_in_the_types_of_its_columns() -> None:
    space = Space({"width": Int(8, 64), "drop": Choice([None, 0.5, "auto"]), "flag": Bool()})
    event = hparams.session_start(
        {"width": 8, "drop": 0.5, "flag": True, "met later": "x"},
        by_key=hparams.columns(space),
        group="digits-1/0007",
        at=5.0,
    )
    content = event.summary.value[0].metadata.plugin_data.content
    start = metadata.parse_session_start_info_plugin_data(content)
    values = {k: getattr(v, v.WhichOneof("kind")) for k, v in start.hparams.items()}
    assert values == {"width": 8.0, "drop": "0.5", "flag": True, "met later": "x"}
    assert (start.group_name, start.start_time_secs) == ("digits-1/0007", 5.0)


@pytest.mark.parametrize(
    ("domain", "value", "written"),
    [
        (Int(1, 8), None, "null"),
        (Int(1, 8), "auto", "auto"),
        (Int(1, 8), True, True),
        (Int(1, 8), 100, 100.0),
        (Bool(), None, "null"),
        (Bool(), 0.5, 0.5),
        (Choice(["a", "b"]), 5, "5"),
        (Choice([None, 1]), True, "true"),
    ],
)
def test_a_value_that_its_column_does_not_take_is_written_in_its_own_type(
    domain: Any, value: Any, written: Any
) -> None:
    by_key = hparams.columns(Space({"x": domain}))
    event = hparams.session_start({"x": value}, by_key=by_key, group="digits-1/0007", at=5.0)
    content = event.summary.value[0].metadata.plugin_data.content
    found = metadata.parse_session_start_info_plugin_data(content).hparams["x"]
    plain = getattr(found, found.WhichOneof("kind"))
    assert (plain, type(plain)) == (written, type(written))


def test_every_end_has_a_status() -> None:
    for status in TrialStatus:
        if status.is_ended:
            event = hparams.session_end(status, at=5.0)
            content = event.summary.value[0].metadata.plugin_data.content
            end = metadata.parse_session_end_info_plugin_data(content)
            is_failed = status is TrialStatus.FAILED
            assert (end.status == api.STATUS_FAILURE) == is_failed
