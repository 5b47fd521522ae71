"""Does every configuration from any method lie in its space, for random conditional spaces?

Spaces are nested to depth 3. All branches of one choice draw their keys from the same names, so
that keys occur in several branches, with different domains; conditions name any earlier parameter,
also one that occurs several times.
"""

from __future__ import annotations

import itertools
import json
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from raysearch.errors import ConfigurationError
from raysearch.space import Bool, Choice, Domain, Fixed, Float, Int, Prior, Space

SAMPLINGS = ("linear", "log", "reverse_log")
PLAIN = {str, int, float, bool, type(None)}

settings.register_profile(
    "space",
    max_examples=20,
    deadline=None,  # the machine is shared; pytest's timeout holds
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
    suppress_health_check=[HealthCheck.too_slow],
)
profile = settings.get_profile("space")

seeds = st.integers(0, 2**32 - 1)


@st.composite
def ints(draw):
    sampling = draw(st.sampled_from(SAMPLINGS))
    low = draw(st.integers(-1000, 1000) if sampling == "linear" else st.integers(1, 1000))
    if sampling == "linear":
        step = draw(st.integers(1, 50))
        high = low + step * draw(st.integers(1, 100)) + draw(st.integers(0, step - 1))
    else:
        step = draw(st.sampled_from([1, 2, 3, 10]))
        high = low * max(step, 2) ** draw(st.integers(1, 5)) + draw(st.integers(0, low))
    return Int(low, draw(st.sampled_from([low, high])) if step == 1 else high,
               step=step, sampling=sampling)  # fmt: skip


@st.composite
def floats(draw):
    sampling = draw(st.sampled_from(SAMPLINGS))
    positive = st.floats(1e-12, 1e6)
    low = draw(st.floats(-1e6, 1e6) if sampling == "linear" else positive)
    high = low + draw(st.floats(1e-9, 1e6)) * max(1.0, abs(low))
    if draw(st.booleans()):
        return Float(low, high, sampling=sampling)
    n = draw(st.integers(1, 40))
    step = (high - low) / n if sampling == "linear" else (high / low) ** (1 / n)
    try:
        return Float(low, high, step=step, sampling=sampling)
    except ConfigurationError:  # too fine for these bounds, which is for test_numeric
        return Float(low, high, sampling=sampling)


texts = st.sampled_from(["", "relu", "a b", "1", "true", "größe", "x=1", '"'])
scalars = st.one_of(texts, st.integers(-9, 9), st.floats(-1, 1), st.booleans(), st.none())
choices = st.builds(
    Choice, st.lists(scalars, min_size=1, max_size=4, unique=True), ordered=st.booleans()
)


@st.composite
def domains(draw):
    domain = draw(st.one_of(ints(), floats(), choices, st.just(Bool()), st.builds(Fixed, scalars)))
    if isinstance(domain, Fixed) or draw(st.booleans()):
        return domain
    some = list(domain.grid(5))
    believed = {"prior": Prior(draw(st.sampled_from(some)), draw(st.floats(0.01, 0.99)))}
    default = {"default": draw(st.sampled_from(some))}
    return rebuilt(domain, **believed, **default)


def rebuilt(domain, **changes):
    if isinstance(domain, Choice):
        return Choice(list(domain.values), ordered=domain.ordered, **changes)
    if isinstance(domain, Bool):
        return Bool(**changes)
    return type(domain)(
        domain.low, domain.high, step=domain.step, sampling=domain.sampling, **changes
    )


@st.composite
def spaces(draw, depth=3, name=""):
    given_domains: dict[str, Domain] = {}
    split = draw(st.integers(-1, 2)) if depth else -1  # where a choice of sub-spaces comes, if any
    for index in range(max(split + 1, draw(st.integers(1, 3)))):
        key = name + "abc"[index]
        when = draw(conditions(Space(given_domains))) if index and draw(st.booleans()) else None
        if index == split:
            branches = draw(st.lists(spaces(depth - 1, key), min_size=1, max_size=2))
            domain = Choice(dict(zip("xy", branches, strict=False)), when=when)
        else:
            domain = with_condition(draw(domains()), when)
        if when and not is_possible({**given_domains, key: domain}):
            domain = without_condition(domain)
        given_domains[key] = domain
    return Space(given_domains)


def is_possible(given_domains):
    try:
        Space(given_domains)
    except ConfigurationError:  # the conditions that were drawn cannot hold together
        return False
    return True


@st.composite
def conditions(draw, space):
    """Conditions on up to two parameters of a space, or None."""
    when = {}
    for parameter in draw(st.lists(st.sampled_from(space.parameters or [None]), max_size=2)):
        if parameter is not None:
            some = list(parameter.domain.grid(4))
            when[parameter.key] = draw(st.lists(st.sampled_from(some), min_size=1, max_size=3))
    return when or None


def without_condition(domain):
    if isinstance(domain, Choice) and domain.subspaces:
        return Choice(dict(zip(domain.values, domain.subspaces, strict=True)))
    return with_condition(domain, None)


def with_condition(domain, when):
    if isinstance(domain, Fixed):
        return Fixed(domain.value, when=when)
    given_default = {"default": domain.default} if domain.default is not None else {}
    return rebuilt(domain, prior=domain.prior, when=when, **given_default)


def check(space: Space, configuration) -> None:
    """The configuration lies in the space, has plain types, and holds active parameters only."""
    space.validate(configuration)
    assert space.contains(configuration)
    assert {type(value) for value in configuration.values()} <= PLAIN
    active = space.active(configuration)
    assert [p.key for p in active] == list(configuration)
    for parameter in active:
        value = configuration[parameter.key]
        assert parameter.domain.contains(value)
        assert not isinstance(parameter.domain, Float) or type(value) is float


@given(domains(), seeds)
@settings(profile, max_examples=100)
def test_values_of_a_domain_are_legal_and_survive_their_place(domain, seed):
    rng = np.random.default_rng(seed)
    values = [domain.default_value(), *(domain.sample(rng) for _ in range(5)), *domain.grid(4)]
    values += [domain.from_unit(u) for u in (0.0, rng.random(), 1.0, math.nextafter(1.0, 0.0))]
    for value in values:
        assert domain.contains(value), (value, domain.explain(value))
        assert domain.explain(value) is None
    for value in values[1:]:  # a default may have more digits than numbers are drawn to
        place = domain.to_unit(value)
        assert 0.0 <= place <= 1.0
        again = domain.from_unit(place)
        assert again == value
        assert type(again) is type(value)


@given(domains(), seeds, st.floats(0.001, 1.0))
@settings(profile, max_examples=60)
def test_mutated_values_differ_and_are_legal(domain, seed, scale):
    rng = np.random.default_rng(seed)
    value = domain.sample(rng)
    for _ in range(5):
        moved = domain.mutate(value, rng, scale)
        assert domain.contains(moved)
        assert type(moved) in PLAIN
        assert (moved == value) == (domain.size() == 1)
        value = moved


@given(domains())
@settings(profile, max_examples=60)
def test_grids_ascend_to_both_ends_without_repeats(domain):
    for points in (1, 2, 5):
        values = list(domain.grid(points))
        assert len(values) == len(set(values)) >= 1
        if isinstance(domain, Int | Float):
            assert len(values) <= points
            assert values == sorted(values)
            assert points == 1 or (values[0], values[-1]) == (
                domain.from_unit(0.0),
                domain.from_unit(1.0),
            )
    size = domain.size()
    if size is not None and size <= 1000:
        assert len(list(domain.grid())) == size


@given(domains(), domains(), seeds)
@settings(profile, max_examples=60)
def test_a_covered_domain_has_legal_values_only(domain, other, seed):
    rng = np.random.default_rng(seed)
    assert domain.covers(domain)
    values = [*other.grid(6), *(other.sample(rng) for _ in range(5))]
    if domain.covers(other):
        assert all(map(domain.contains, values))
    elif (other.size() or math.inf) <= 500:
        assert not all(map(domain.contains, other.grid()))


@given(spaces(), seeds)
@settings(profile)
def test_samples_and_the_default_lie_in_the_space(space, seed):
    rng = np.random.default_rng(seed)
    check(space, space.default())
    for _ in range(5):
        check(space, space.sample(rng))
    repeated = [space.sample(np.random.default_rng(seed)) for _ in range(2)]
    assert repeated[0] == repeated[1]


@given(spaces(), seeds, st.integers(1, 4))
@settings(profile)
def test_mutations_lie_in_the_space_and_differ(space, seed, n_mutations):
    rng = np.random.default_rng(seed)
    configuration = space.sample(rng)
    for _ in range(4):
        child = space.mutate(configuration, rng, n_mutations=n_mutations)
        check(space, child)
        is_movable = any(p.domain.size() != 1 for p in space.active(configuration))
        assert (child != configuration) == is_movable
        configuration = child


@given(spaces(), seeds)
@settings(profile)
def test_children_lie_in_the_space_and_take_after_their_parents(space, seed):
    rng = np.random.default_rng(seed)
    one, other = space.sample(rng), space.sample(rng)
    child = space.crossover(one, other, rng)
    check(space, child)
    for parameter in space.active(child):
        owners = [parent for parent in (one, other) if parameter in space.active(parent)]
        if owners:
            assert any(child[parameter.key] == owner[parameter.key] for owner in owners)
    assert space.crossover(one, one, rng) == one


@given(spaces(), seeds)
@settings(profile)
def test_vectors_and_configurations_correspond(space, seed):
    rng = np.random.default_rng(seed)
    vector = rng.random(len(space))
    vector[rng.random(len(space)) < 0.3] = rng.choice([0.0, 1.0])
    for configuration in (space.decode(vector), space.sample(rng)):
        check(space, configuration)
        encoded = space.encode(configuration)
        active = space.active(configuration)
        assert encoded.shape == (len(space),)
        assert [not np.isnan(u) for u in encoded] == [p in active for p in space.parameters]
        assert np.all((encoded >= 0) & (encoded <= 1) | np.isnan(encoded))
        assert space.decode(encoded) == configuration


@given(spaces())
@settings(profile)
def test_the_grid_lies_in_the_space_and_has_the_size_that_is_counted(space):
    head = list(itertools.islice(space.grid(points=2), 300))
    for configuration in head[:20]:
        check(space, configuration)
    assert len({json.dumps(c, sort_keys=True) for c in head}) == len(head)
    size = space.grid_size(points=2)
    assert size == len(head) or (size > 300 and len(head) == 300)
    finite = all(p.domain.size() is not None for p in space.parameters)
    assert (space.grid_size() is None) != finite
    if finite and space.grid_size() <= 300:
        assert len(list(space.grid())) == space.grid_size()


@given(spaces(), seeds)
@settings(profile)
def test_json_gives_back_the_same_space(space, seed):
    text = json.dumps(space.to_json(), allow_nan=False)
    again = Space.from_json(json.loads(text))
    assert again == space
    assert hash(again) == hash(space)
    assert json.dumps(again.to_json()) == text
    configuration = space.sample(np.random.default_rng(seed))
    assert again.sample(np.random.default_rng(seed)) == configuration
    check(again, json.loads(json.dumps(configuration)))


@given(spaces(), seeds)
@settings(profile)
def test_a_prefix_changes_nothing_but_keys(space, seed):
    prefixed = space.prefixed("cnn.")
    plain = space.sample(np.random.default_rng(seed))
    configuration = prefixed.sample(np.random.default_rng(seed))
    assert configuration == {f"cnn.{key}": value for key, value in plain.items()}
    check(prefixed, configuration)
    both = space.merged(prefixed)
    check(both, {**plain, **configuration})


@given(spaces(), seeds, st.data())
@settings(profile)
def test_one_fault_makes_a_configuration_illegal(space, seed, data):
    configuration = space.sample(np.random.default_rng(seed))
    key = data.draw(st.sampled_from(list(configuration)))
    for faulty in (
        {k: v for k, v in configuration.items() if k != key},
        {**configuration, "no such key": 1},
        {**configuration, key: [configuration[key]]},
    ):
        assert not space.contains(faulty)
        with pytest.raises(
            ConfigurationError, match=key if "no such key" not in faulty else "no such key"
        ):
            space.validate(faulty)


@given(spaces(), st.data())
@settings(profile)
def test_replacing_a_domain_by_one_of_its_values_leaves_a_smaller_space(space, data):
    parameter = data.draw(st.sampled_from(space.parameters))
    value = data.draw(st.sampled_from(list(parameter.domain.grid(3))))
    smaller = space.replaced({parameter.key: value})
    rng = np.random.default_rng(0)
    for configuration in (smaller.default(), smaller.sample(rng)):
        check(smaller, configuration)
        assert configuration.get(parameter.key, value) == value
    assert set(smaller.keys) <= set(space.keys)
    if len(space[parameter.key]) == 1:
        check(space, space.canonical(configuration))


@st.composite
def parameter_lists(draw):
    """Parameters as JSON, whose conditions name keys that occur only earlier in the list."""
    keys = draw(st.lists(st.sampled_from("abcde"), min_size=1, max_size=7))
    entries = []
    for index, key in enumerate(keys):
        values = draw(st.lists(st.integers(0, 2), min_size=1, max_size=3, unique=True))
        entry = {"key": key, "domain": {"choice": values}}
        parents = [e for e in entries if e["key"] not in keys[index:]]
        if parents:
            chosen = draw(st.lists(st.sampled_from(parents), max_size=2))
            entry["when"] = {
                p["key"]: [draw(st.sampled_from(p["domain"]["choice"]))] for p in chosen
            }
        entries.append(entry)
    return entries


def worlds(entries):
    """Yield the occurrences active in each configuration, found by trying all; None for a clash."""

    def completed(index, values, active):
        if index == len(entries):
            yield active
            return
        entry = entries[index]
        if any(values.get(k) not in allowed for k, allowed in entry.get("when", {}).items()):
            yield from completed(index + 1, values, active)
        elif entry["key"] in values:
            yield None
        else:
            for value in entry["domain"]["choice"]:
                extended = {**values, entry["key"]: value}
                yield from completed(index + 1, extended, active | {index})

    return completed(0, {}, frozenset())


@given(parameter_lists())
@settings(profile, max_examples=100)
def test_clashes_and_contradictions_are_found_exactly(entries):
    tried = list(worlds(entries))
    has_clash = None in tried
    ever_active = frozenset().union(*(world for world in tried if world is not None))
    stored = {"schema_version": 1, "parameters": entries}
    if has_clash or len(ever_active) < len(entries):
        with pytest.raises(ConfigurationError, match=r"occurs twice at once|can never be active"):
            Space.from_json(stored)
    else:
        space = Space.from_json(stored)
        assert space.grid_size() == len(tried) == len(list(space.grid()))
