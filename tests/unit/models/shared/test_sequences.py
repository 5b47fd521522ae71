"""Are sequences trained and measured as they should be?"""

from __future__ import annotations

import math

import pytest
import pytorch_lightning as pl
import torch

from raysearch.data.loaders import TensorLoader
from raysearch.data_spec import END, PADDING, UNKNOWN
from raysearch.models.seq2seq.module import Seq2Seq
from raysearch.models.shared.sequences import SequenceScores, previous_of, trimmed


def translator(seed=0, **settings):
    torch.manual_seed(seed)
    return Seq2Seq(
        input_shape=[5],
        n_outputs=8,
        target_length=6,
        form="tokens",
        vocabulary=9,
        hidden_size=8,
        embedding_size=4,
        dropout=0.0,
        **settings,
    ).eval()


def batch(n=30, seed=0):
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(1, 6, (n,), generator=generator)
    tokens = torch.randint(4, 9, (n, 5), generator=generator)
    tokens = tokens.masked_fill(torch.arange(5) >= lengths[:, None], PADDING)
    n_symbols = torch.randint(0, 5, (n, 1), generator=generator)
    targets = torch.randint(UNKNOWN, 8, (n, 6), generator=generator)
    places = torch.arange(6)
    targets = targets.masked_fill(places >= n_symbols, PADDING)
    return tokens, lengths, targets.masked_fill(places == n_symbols, END)


def measured(module, *batches):
    scores = SequenceScores()
    for each in batches:
        module.measure(each, scores)
    return scores.compute()


@pytest.mark.parametrize("seed", range(4))
def test_exact_match_is_that_of_greedy_decoding(seed):
    module = translator(seed)
    tokens, lengths, targets = batch(40, seed)
    answers = module(tokens, lengths)
    answers = torch.nn.functional.pad(answers, (0, 6 - answers.shape[1]))
    # half of the targets are what the model answers, where that ends
    targets[::2] = torch.where((answers[::2] == END).any(1)[:, None], answers[::2], targets[::2])
    n_right = (answers == targets).all(1).sum().item()
    scores = measured(module, (tokens, lengths, targets))
    assert n_right > 0
    assert scores["exact_match"].item() == pytest.approx(n_right / 40)


def test_the_loss_is_the_mean_over_symbols_that_are_not_padding():
    module = translator()
    tokens, lengths, targets = batch()
    logits = module.network(tokens, lengths, previous=previous_of(targets)).log_softmax(-1)
    each = [
        -logits[row, place, symbol].item()
        for row, target in enumerate(targets.tolist())
        for place, symbol in enumerate(target)
        if symbol != PADDING
    ]
    mean = sum(each) / len(each)
    assert module.training_loss((tokens, lengths, targets)).item() == pytest.approx(mean, rel=1e-5)
    scores = measured(module, (tokens, lengths, targets))
    assert scores["loss"].item() == pytest.approx(mean, rel=1e-5)
    assert scores["perplexity"].item() == pytest.approx(math.exp(mean), rel=1e-5)


@pytest.mark.filterwarnings("ignore:`isinstance.treespec, LeafSpec:FutureWarning")
@pytest.mark.parametrize("settings", [{}, {"max_steps": 2}])
def test_train_loss_of_an_epoch_is_the_mean_over_its_symbols(settings):
    module = translator(learning_rate=1e-8, optimizer="sgd").train()  # it stays as it is
    tokens, lengths, targets = batch()
    targets[:10, 1:] = PADDING  # so that batches differ in the mean length of their targets
    targets[:10, 0] = END
    data = (tokens, lengths, targets)
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    trainer = pl.Trainer(
        accelerator="cpu", max_epochs=1, enable_model_summary=False, **quiet, **settings
    )
    trainer.fit(module, TensorLoader(*data, batch_size=10), TensorLoader(*data, batch_size=30))
    n_trained = 10 * settings.get("max_steps", 3)
    expected = measured(module, tuple(part[:n_trained] for part in data))["loss"].item()
    found = trainer.callback_metrics["train/loss"].item()
    assert found == pytest.approx(expected, rel=1e-5)
    each = [measured(module, tuple(p[i : i + 10] for p in data))["loss"] for i in (0, 10, 20)]
    assert sum(each).item() / 3 != pytest.approx(expected, rel=1e-3)


def test_label_smoothing_mixes_in_the_uniform_distribution():
    tokens, lengths, targets = batch()
    plain, smooth = translator(), translator(label_smoothing=0.3)
    logits = plain.network(tokens, lengths, previous=previous_of(targets)).log_softmax(-1)
    uniform = -logits.mean(-1)[targets != PADDING].mean().item()
    wanted = 0.7 * plain.training_loss((tokens, lengths, targets)).item() + 0.3 * uniform
    found = smooth.training_loss((tokens, lengths, targets)).item()
    assert found == pytest.approx(wanted, rel=1e-5)
    same = measured(smooth, (tokens, lengths, targets))["loss"]
    torch.testing.assert_close(same, measured(plain, (tokens, lengths, targets))["loss"])


def test_metrics_do_not_depend_on_how_a_split_is_cut():
    module = translator()
    whole = batch()
    cuts = [tuple(part[a:b] for part in whole) for a, b in ((0, 1), (1, 12), (12, 30))]
    together, in_parts = measured(module, whole), measured(module, *cuts)
    for name, value in together.items():
        torch.testing.assert_close(in_parts[name], value)


def test_padding_behind_the_longest_target_changes_nothing():
    module = translator()
    tokens, lengths, targets = batch()
    wider = torch.nn.functional.pad(targets, (0, 7))
    assert torch.equal(trimmed(wider), trimmed(targets))
    losses = [module.training_loss((tokens, lengths, t)) for t in (targets, wider)]
    assert torch.equal(*losses)


def test_answers_come_by_greedy_decoding_or_by_beam_search():
    module = translator()
    tokens, lengths, _ = batch()
    alone, beam = module.answers(tokens, lengths), module.answers(tokens, lengths, beam_width=4)
    assert torch.equal(module(tokens, lengths), alone.symbols)
    assert (beam.log_probabilities >= alone.log_probabilities).all()
    assert (beam.log_probabilities > alone.log_probabilities).any()
    assert alone.symbols.shape[1] <= 6


def test_padding_is_never_an_answer():
    module = translator()
    module.network.output.bias.data[PADDING] = 1e3
    tokens, lengths, targets = batch()
    assert (module(tokens, lengths)[:, 0] != PADDING).all()
    assert measured(module, (tokens, lengths, targets))["token_accuracy"] > 0
