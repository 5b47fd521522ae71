"""What must every built-in data set be able to do? Driven by the table `DATA`."""

from __future__ import annotations

import functools
import importlib
import json
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest
import pytorch_lightning as pl
import torch

from raysearch.data import DATA
from raysearch.data.fold_faults import fold_fault
from raysearch.data.meaning import meaning_of
from raysearch.data_spec import END
from raysearch.errors import ConfigurationError
from raysearch.training.job import Rank
from raysearch.training.measuring import validation_examples
from raysearch.training.sharing import shared
from tests.contracts.data_sets import CASES
from tests.nets import make_job

SPLITS = ("train", "val", "test")
DTYPES = {"numbers": torch.float32, "tokens": torch.int64, "tree": torch.int64}


@pytest.fixture(params=sorted(DATA), autouse=True)
def name(request):
    return request.param


@pytest.fixture
def case(name):
    return CASES[name]


@pytest.fixture(scope="module")
def required(tmp_path_factory):
    """Return the arguments that have no default, by data set."""
    return {name: dict(case.given(tmp_path_factory.mktemp(name))) for name, case in CASES.items()}


@pytest.fixture
def package(name):
    return DATA[name]


class Space:
    """A data set's space module, with the arguments that have no default filled in."""

    def __init__(self, module, given):
        self.ARGUMENTS, self.legal_domains = module.ARGUMENTS, module.legal_domains
        self.search_space = module.search_space
        self.data_spec = functools.partial(module.data_spec, **given)


@pytest.fixture
def space(name, required):
    module = importlib.import_module(f"{DATA[name]}.space")
    return Space(module, required[name])


@pytest.fixture
def data_class(name, required):
    data_class = importlib.import_module(f"{DATA[name]}.module").Data
    return functools.partial(data_class, **required[name])


@pytest.fixture(scope="module", autouse=True)
def cache_of_its_own(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAYSEARCH_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


def examples(data, split):
    """Return all inputs and targets of a split."""
    batches = list(getattr(data, f"{split}_dataloader")())
    return torch.cat([batch[0] for batch in batches]), torch.cat([batch[-1] for batch in batches])


def rows(data, split):
    """Return the examples of a split as a list that does not depend on order."""
    inputs, targets = examples(data, split)
    flat = torch.cat([inputs.flatten(1), targets.reshape(len(targets), -1).float()], dim=1)
    return sorted(row.tobytes() for row in flat.numpy())


def test_every_data_set_is_tested():
    assert set(CASES) == set(DATA)


def test_space_needs_neither_torch_nor_sklearn(name, case, package, required):
    heavy = ["torch", "pytorch_lightning", "sklearn", "ray", "pandas"]
    code = (
        f"import sys, {package}.space as s\n"
        f"print([m for m in {heavy} if m in sys.modules])\n"
        f"s.search_space(s.data_spec(**{required[name]}))\n"
        f"print([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported, used = done.stdout.splitlines()
    assert imported == "[]"
    assert used == str(list(case.reads))


@pytest.mark.parametrize("fractions", [{}, {"validation": 0.05, "test": 0.45}, {"test": 0.11}])
def test_spec_is_what_the_data_turns_out_to_be(space, data_class, fractions):
    fractions = {key: share for key, share in fractions.items() if key in space.ARGUMENTS}
    spec = space.data_spec(**fractions)
    data = data_class(batch_size=50, **fractions)
    assert data.spec == spec
    inputs, targets = examples(data, "train")
    assert inputs.shape == (spec.n_train, *spec.input_shape)
    assert inputs.dtype == DTYPES[spec.form]
    if spec.task == "seq2seq":
        assert targets.dtype == torch.int64
        assert targets.shape == (spec.n_train, spec.target_length)
        assert targets.max() < spec.n_outputs
        assert ((targets == END).sum(1) == 1).all()
    elif spec.task == "classification":
        assert targets.dtype == torch.int64
        assert sorted(targets.unique().tolist()) == list(range(spec.n_outputs))
    else:
        assert targets.dtype == torch.float32
        assert targets.shape == (spec.n_train, spec.n_outputs)


def test_outputs_mean_classes_or_numbers_of_the_data(data_class, name):
    data = data_class(batch_size=50)
    meaning, spec = meaning_of(data), data.spec
    if spec.task == "seq2seq":
        assert meaning is None
        return
    assert meaning.fits((1, spec.n_outputs))
    assert json.loads(json.dumps(meaning.to_json())) == meaning.to_json()
    if spec.task == "classification":
        assert len(set(meaning.classes)) == spec.n_outputs
    if name == "diabetes":  # whose targets are whole numbers
        targets = torch.cat([batch[-1] for batch in data.val_dataloader()]).double()
        numbers = targets * meaning.stds[0] + meaning.means[0]
        assert (numbers - numbers.round()).abs().max() < 1e-4
        assert 25 <= numbers.min() < numbers.max() <= 346


def test_lengths_say_where_the_padding_begins(space, data_class):
    spec = space.data_spec()
    for batch in data_class(batch_size=50).train_dataloader():
        assert len(batch) == 2 + spec.has_lengths
        inputs = batch[0]
        if spec.form != "numbers":
            symbols = inputs[:, 0] if spec.form == "tree" else inputs
            assert 0 <= symbols.min() <= symbols.max() < spec.vocabulary
        if spec.has_lengths:
            lengths = batch[1]
            assert lengths.dtype == torch.int64
            assert 1 <= lengths.min() <= lengths.max() <= inputs.shape[-1]
            is_padding = torch.arange(inputs.shape[-1]) >= lengths[:, None]
            # (B, ..., T) -> (B, T, ...)
            assert not (inputs.movedim(-1, 1)[is_padding] > 0).any()


def test_search_space_lies_within_what_is_legal(space):
    spec = space.data_spec()
    searched, legal = space.search_space(spec), space.legal_domains(spec)
    assert all(key.startswith("data.") for key in searched.keys)
    assert set(searched.keys) <= set(legal)
    for parameter in searched.parameters:
        assert legal[parameter.key].covers(parameter.domain)


def test_arguments_have_the_defaults_of_the_data_module(name, required, space, data_class):
    defaults = {name: domain.default_value() for name, domain in space.ARGUMENTS.items()}
    given = {**defaults, **required[name]}
    assert space.data_spec(**given) == data_class(batch_size=8).spec


def test_splits_are_disjoint_and_together_everything(name, case, data_class):
    data = data_class(batch_size=50, **case.unvaried)
    train, validation, test = (rows(data, split) for split in SPLITS)
    # what is drawn for validation beside published examples is not learnt from later
    assert rows(data, "refit") == (train if name == "cbf" else sorted(train + validation))
    if not case.has_copies:
        everything = [*train, *validation, *test]
        assert len(set(everything)) == len(everything)
    if case.n_examples is not None:
        assert len(train) + len(validation) + len(test) == case.n_examples
        assert len(validation) == len(test) == round(case.n_examples * 0.2)


def test_as_many_examples_as_the_validation_split_has_are_said_to_be_validated(data_class):
    loader = data_class(batch_size=50).val_dataloader()
    trainer = SimpleNamespace(val_dataloaders=loader, num_val_batches=[len(loader)])
    assert validation_examples(trainer) == sum(len(batch[0]) for batch in loader)


@pytest.mark.parametrize("split", SPLITS)
def test_ranks_share_each_batch(split, case, data_class, tmp_path):
    loader = getattr(data_class(batch_size=8, **case.unvaried), f"{split}_dataloader")()
    is_training = split == "train"
    torch.manual_seed(1)
    whole = list(loader)
    parts = []
    for number in range(2):
        job = make_job(tmp_path, rank=Rank(number=number, of=2, meeting=""))
        torch.manual_seed(1)
        share = shared(loader, job=job, is_training=is_training)
        parts.append(list(share))
        assert len(share) == len(parts[-1]) == len(whole)
        assert share.n_examples == loader.n_examples == sum(len(batch[0]) for batch in whole)
    for batch, first, second in zip(whole, *parts, strict=True):
        n = len(batch[0]) // 2 * 2 if is_training else len(batch[0])
        for tensor, *halves in zip(batch, first, second, strict=True):
            assert torch.equal(halves[0], tensor[0:n:2])
            assert torch.equal(halves[1], tensor[1:n:2])


def test_another_split_is_one_of_the_same_examples(name, case, data_class):
    if case.learns or name in ("cbf", "listops", "scenes"):
        pytest.skip("another seed makes other examples, or numbers them in another way")
    first, second = (
        data_class(batch_size=50, **{case.seed: seed, **case.unvaried}) for seed in (1, 2)
    )
    of_first, of_second = (
        sorted(row for split in SPLITS for row in rows(data, split)) for data in (first, second)
    )
    assert of_first == of_second


def test_seed_governs_the_split(case, data_class):
    seed = case.seed
    same, other = data_class(batch_size=50, **{seed: 1}), data_class(batch_size=70, **{seed: 2})
    assert rows(data_class(batch_size=50, **{seed: 1}), "val") == rows(same, "val")
    assert rows(same, "val") != rows(other, "val")


def test_test_split_does_not_depend_on_the_share_for_validation(name, case, data_class):
    of_training = {"validation_from": "training"} if name == "cbf" else {}
    few, many = (data_class(batch_size=50, validation=share, **of_training) for share in (0.1, 0.3))
    assert len(rows(few, "val")) < len(rows(many, "val"))
    if not case.learns:
        assert rows(few, "test") == rows(many, "test")


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"validation": 0.01}, "validation is 0.01"),
        ({"test": "many"}, "test is 'many'"),
        ({"validation": 0.3, "test": 0.3}, r"validation is 0\.3 and (data\.)?test is 0\.3"),
        ({"batch_size": 0}, "data.batch_size is 0"),
    ],
)
def test_what_is_out_of_range_is_refused_at_once(case, data_class, wrong, named):
    if case.n_examples is None and "test" in wrong:
        pytest.skip("its test split is published")
    with pytest.raises(ConfigurationError, match=named):
        data_class(**{"batch_size": 8, **wrong})


def test_a_seed_that_scikit_learn_cannot_take_is_refused(case, data_class):
    with pytest.raises(ConfigurationError, match=f"{case.seed} is -1"):
        data_class(batch_size=8, **{case.seed: -1}).prepare_data()


def test_all_in_a_process_share_the_tensors(data_class):
    first, second = data_class(batch_size=50, seed=3), data_class(batch_size=20, seed=3)
    assert first.val_dataloader().tensors[0] is second.val_dataloader().tensors[0]


def test_batches_may_be_changed_in_place(data_class):
    data = data_class(batch_size=50)
    before = rows(data, "val")
    for loader in (data.val_dataloader(), data.train_dataloader(), data.test_dataloader()):
        for batch in loader:
            for tensor in batch:
                tensor.zero_()
    assert rows(data, "val") == before


class Mean(pl.LightningModule):
    """Predicts one number for everything, to go through a fit with any data."""

    def __init__(self):
        super().__init__()
        self.mean = torch.nn.Parameter(torch.zeros(1))
        self.seen = 0

    def training_step(self, batch, _):
        self.seen += len(batch[0])
        return ((self.mean - batch[-1].float()) ** 2).mean()

    def validation_step(self, batch, _):
        self.log("val/loss", ((self.mean - batch[-1].float()) ** 2).mean())

    def test_step(self, batch, _):
        self.log("test/loss", ((self.mean - batch[-1].float()) ** 2).mean())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


@pytest.mark.filterwarnings(
    "ignore:`isinstance.treespec, LeafSpec:FutureWarning"
)  # Lightning's own
def test_lightning_takes_it_without_a_warning(space, data_class, tmp_path):
    model, data = Mean(), data_class(batch_size=64)
    trainer = pl.Trainer(
        max_epochs=2,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=tmp_path,
    )
    trainer.fit(model, datamodule=data)  # warnings are errors
    assert model.seen == 2 * space.data_spec().n_train
    trainer.test(model, datamodule=data, verbose=False)
    assert trainer.callback_metrics["test/loss"].isfinite()


def test_two_threads_may_want_it_at_once(data_class):
    found = []
    threads = [
        threading.Thread(
            target=lambda: found.append(rows(data_class(batch_size=50, seed=4), "val")),
            daemon=True,
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all(split == found[0] for split in found)


N_FOLDS = 3


def told(loader):
    """Return the examples of a loader as a list that does not depend on order."""
    found = []
    for batch in loader:
        parts = [part.reshape(len(part), -1).numpy() for part in batch]
        found += [b"|".join(row.tobytes() for row in rows) for rows in zip(*parts, strict=True)]
    return sorted(found)


def foldable(data_class, case, name, required, space):
    """Return a data module with unvaried examples, or None where it cannot be parted into folds."""
    defaults = {key: domain.default_value() for key, domain in space.ARGUMENTS.items()}
    chosen = {"validation_from": "training"} if name == "cbf" else {}
    if fold_fault(name, {**defaults, **required[name], **chosen}):
        assert name == "scenes"
        return None
    data = data_class(batch_size=64, **case.unvaried, **chosen)
    data.prepare_data()
    data.setup("fit")
    return data


def test_folds_part_training_and_validation_and_leave_the_test_alone(
    data_class, case, name, required, space
):
    data = foldable(data_class, case, name, required, space)
    if data is None:
        return
    test = told(data.test_dataloader())
    together = sorted(told(data.train_dataloader()) + told(data.val_dataloader()))
    held_out = []
    for number in range(N_FOLDS):
        loaders = data.fold_dataloaders(number=number, of=N_FOLDS, seed=0)
        train, validation = map(told, loaders)
        assert sorted(train + validation) == together  # disjoint, and nothing is left out
        assert abs(len(validation) - len(together) / N_FOLDS) < 1
        held_out += validation
    assert sorted(held_out) == together
    again = told(data.fold_dataloaders(number=number, of=N_FOLDS, seed=0)[1])
    assert again == validation
    assert told(data.fold_dataloaders(number=number, of=N_FOLDS, seed=1)[1]) != validation
    assert told(data.test_dataloader()) == test


def test_folds_have_the_same_mix_of_classes(data_class, case, name, required, space):
    data = foldable(data_class, case, name, required, space)
    if data is None or data.spec.task != "classification":
        return
    counts = []
    for number in range(N_FOLDS):
        _, loader = data.fold_dataloaders(number=number, of=N_FOLDS, seed=0)
        targets = torch.cat([batch[-1] for batch in loader])
        counts.append(torch.bincount(targets, minlength=data.spec.n_outputs))
    spread = torch.stack(counts)
    assert (spread.max(0).values - spread.min(0).values).max() <= 1
