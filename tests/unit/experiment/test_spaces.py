from __future__ import annotations

import pytest

from raysearch.data_spec import DataSpec
from raysearch.errors import ConfigurationError
from raysearch.models.cnn.space import search_space as cnn_space
from raysearch.models.mlp.space import search_space as mlp_space
from raysearch.space import Choice, Fixed, Float, Graph, Int

DIGITS = DataSpec(task="classification", input_shape=(1, 8, 8), n_outputs=10, n_train=1079)


def domains(experiment, key):
    return [parameter.domain for parameter in experiment.space[key]]


def test_one_family_has_its_own_keys_and_those_of_the_data(loaded):
    space = loaded("model: mlp").space
    assert space.keys == (*mlp_space(DIGITS).keys, "data.batch_size")


def test_several_families_are_a_choice_of_prefixed_spaces_in_the_order_of_the_file(loaded):
    space = loaded("model: [mlp, cnn]").space
    assert space["model"][0].domain.describe() == "mlp, cnn"
    assert space.default()["model"] == "mlp"
    families = {f"cnn.{key}" for key in cnn_space(DIGITS).keys}
    families |= {f"mlp.{key}" for key in mlp_space(DIGITS).keys}
    assert set(space.keys) == {"model", "data.batch_size"} | families


def test_a_plain_key_is_for_every_family_and_a_prefixed_one_takes_precedence(loaded):
    experiment = loaded("space: {mlp.dropout: 0.3, dropout: 0.1, depth: 2}")
    assert domains(experiment, "cnn.dropout") == [Fixed(0.1)]
    assert domains(experiment, "mlp.dropout") == [Fixed(0.3)]
    assert domains(experiment, "mlp.depth") == [Fixed(2)]


def test_two_priors_of_one_parameter_are_refused_and_an_exception_for_a_family_is_not(loaded):
    words = "{%s: {float: [0, 0.5], prior: {centre: %s, confidence: 0.5}}"
    both = (words % ("dropout", 0.1)) + ", " + (words % ("mlp.dropout", 0.4))[1:] + "}"
    experiment = loaded(f"space: {both}")
    centres = [domains(experiment, f"{name}.dropout")[0].prior.centre for name in ("mlp", "cnn")]
    assert centres == [0.4, 0.1]
    with pytest.raises(
        ConfigurationError,
        match=r"space\.dropout and space\.mlp\.dropout are the same parameter.* priors: 0\.1 with "
        r"confidence 0\.5, and 0\.4 with confidence 0\.5\. Keep one",
    ):
        loaded("model: mlp", f"space={both}")
    same = both.replace("0.4", "0.1")
    assert domains(loaded("model: mlp", f"space={same}"), "dropout")[0].prior.centre == 0.1


def test_with_one_family_the_prefixed_key_is_accepted(loaded):
    assert domains(loaded("model: mlp", "space.mlp.depth=2"), "depth") == [Fixed(2)]
    assert domains(loaded("model: [mlp]", "space.depth=2"), "depth") == [Fixed(2)]


def test_a_range_replaces_every_occurrence_and_keeps_their_conditions(loaded):
    experiment = loaded("model: mlp", "space.learning_rate={float: [1e-3, 1e-2], log: true}")
    found = experiment.space["learning_rate"]
    default = mlp_space(DIGITS)["learning_rate"][0].domain.default_value()
    expected = Float(1e-3, 1e-2, log=True, default=default)
    assert {parameter.domain for parameter in found} == {expected}
    assert [parameter.when for parameter in found] == [
        (("optimizer", ("adamw",)),),
        (("optimizer", ("sgd",)),),
    ]


@pytest.mark.parametrize("condition", ["{optimizer: sgd}", "{cnn.optimizer: [sgd]}"])
def test_conditions_name_parameters_of_the_same_family_with_or_without_its_name(loaded, condition):
    experiment = loaded(f"space: {{cnn.dropout: {{float: [0.0, 0.2], when: {condition}}}}}")
    (dropout,) = experiment.space["cnn.dropout"]
    assert dropout.when == (("model", ("cnn",)), ("cnn.optimizer", ("sgd",)))


def usual(key):
    return mlp_space(DIGITS).default()[key]


@pytest.mark.parametrize(
    ("written", "default"),
    [
        ("depth: {int: [1, 90]}", usual("depth")),  # lies in the range
        ("depth: {int: [51, 99]}", 75),  # the family's does not: the middle
        ("depth: {int: [2, 9], default: 4}", 4),
        ("depth: {choice: [99, 1, 2, 3, 4, 5, 6]}", usual("depth")),
        ("depth: {choice: [2, 3], default: 2}", 2),
        ("depth: 2", 2),
    ],
)
def test_a_range_without_default_keeps_that_of_the_family_if_it_can(written, default, loaded):
    experiment = loaded("model: mlp", "space={" + written + "}")
    assert experiment.space.default()["depth"] == default


def test_an_argument_that_the_family_leaves_out_can_be_searched_under_a_condition(loaded):
    setting = "{float: [0.0, 0.4], when: {schedule: one_cycle}}"
    experiment = loaded("model: mlp", f"space.warmup_fraction={setting}")
    (warmup,) = experiment.space["warmup_fraction"]
    assert warmup.when == (("schedule", ("one_cycle",)),)
    assert warmup.domain == Float(0.0, 0.4)


def test_whole_numbers_become_floats_where_the_class_takes_floats(loaded):
    experiment = loaded(
        "model: mlp",
        "space.dropout=0",
        "space.weight_decay={choice: [0, 0.1], prior: {centre: 0, confidence: 0.5}}",
    )
    assert type(domains(experiment, "dropout")[0].value) is float
    decay = domains(experiment, "weight_decay")[0]
    assert isinstance(decay, Choice)
    assert [type(value) for value in decay.values] == [float, float]
    assert type(decay.prior.centre) is float


def test_narrowing_a_choice_drops_what_can_no_longer_be_active(loaded):
    space = loaded("model: mlp", "space.optimizer=adamw", "space.momentum=0.5").space
    assert "momentum" not in space
    assert len(space["learning_rate"]) == 1


def test_data_parameters_are_replaced_within_what_the_data_module_accepts(loaded):
    experiment = loaded("space: {data.batch_size: {int: [2, 512], log: true}}")
    assert domains(experiment, "data.batch_size") == [Int(2, 512, log=True, default=64)]


def test_an_empty_section_is_no_section(loaded):
    assert loaded("space:").space == loaded().space


def test_a_fixed_argument_of_the_module_is_no_parameter(loaded, refused):
    edit = "model: {name: mlp, arguments: {warmup_fraction: 0}}"
    experiment = loaded(edit)
    assert experiment.models[0].arguments["warmup_fraction"] == 0.0
    fault = refused(edit, "space.warmup_fraction=0.1")[0]
    assert "fixed already by model.arguments.warmup_fraction. Keep one of them." in fault


def test_a_range_of_graphs_takes_inputs_and_outputs_from_the_data(loaded):
    experiment = loaded("model: graph", "searcher=neat", "space.graph={graph: {}, max_hidden: 7}")
    assert domains(experiment, "graph") == [Graph(64, 10, max_hidden=7)]


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["searcher=random", "space.graph={graph: [3, 10]}"],
            "Legal is graphs, 64 inputs to 10 outputs, .*, and this is graphs, 3 inputs to 10",
        ),
        (["searcher=random", "space.graph=relu"], "relu is no graph: it is not JSON"),
        (
            ["searcher=hyperopt"],
            "hyperopt cannot search this space: graph has values .*Methods that can .*: .*neat",
        ),
        (["searcher=grid"], "grid cannot search this space: graph has values without a place"),
    ],
)
def test_graphs_that_cannot_be_searched_are_refused(loaded, overrides, message):
    with pytest.raises(ConfigurationError, match=message):
        loaded("model: graph", *overrides)


def test_a_method_for_graphs_refuses_other_spaces(loaded):
    message = "neat evolves graphs, and this space has none. .*hyperopt.*random"
    with pytest.raises(ConfigurationError, match=message):
        loaded("model: mlp", "searcher=neat")
