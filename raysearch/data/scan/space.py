"""What can be known about SCAN, and chosen, before it is generated?"""

from __future__ import annotations

from raysearch.checks import number_fault, raise_faults
from raysearch.data.scan.grammar import ACTIONS, WORDS
from raysearch.data.splits import SplitSizes
from raysearch.data_spec import UNKNOWN, DataSpec
from raysearch.errors import unknown_name
from raysearch.space import Choice, Domain, Float, Int, Space

N_EXAMPLES = 20_910

PUBLISHED = {"simple": (16_728, 4_182), "length": (16_990, 3_920), "add_jump": (14_670, 7_706)}
"""Split -> examples for training, of which those for validation are taken, and for the test."""

N_REPEATS = 1_467
"""Of add_jump: how often the command "jump" is in the training split, a tenth of it."""

LONGEST_COMMAND = 9
LONGEST_ANSWER = 48

ARGUMENTS: dict[str, Domain] = {
    "split": Choice(list(PUBLISHED), default="simple"),
    "validation": Float(0.05, 0.45, default=0.1),
}
"""What an experiment may fix, by name."""


def scan_sizes(*, split: str, validation: float) -> SplitSizes:
    """Return how many examples each split has.

    Args:
        split: "simple", "length" or "add_jump".
        validation: Share of the training part for validation, from 0.05 to 0.45; of add_jump, of
            the commands without "jump".

    Raises:
        ConfigurationError: There is no such split, or the share is out of range.

    Example:
        >>> scan_sizes(split="add_jump", validation=0.1)
        SplitSizes(train=13350, validation=1320, test=7706)
    """
    known = None
    if split not in PUBLISHED:
        known = "data.split: " + unknown_name(str(split), kind="a split of SCAN", valid=PUBLISHED)
    raise_faults(known, number_fault("data.validation", validation, at_least=0.05, at_most=0.45))
    n_train, n_test = PUBLISHED[split]
    n_repeats = N_REPEATS if split == "add_jump" else 0
    n_validation = round((n_train - n_repeats) * validation)
    return SplitSizes(train=n_train - n_validation, validation=n_validation, test=n_test)


def data_spec(*, split: str = "simple", validation: float = 0.1) -> DataSpec:
    """Return shapes and sizes.

    Args:
        split: "simple", "length" or "add_jump".
        validation: Share of the training part for validation, from 0.05 to 0.45.

    Raises:
        ConfigurationError: An argument is out of range.

    Example:
        >>> spec = data_spec()
        >>> spec.input_shape, spec.vocabulary, spec.n_outputs, spec.target_length, spec.n_train
        ((9,), 17, 10, 49, 15055)
    """
    first = UNKNOWN + 1
    return DataSpec(
        task="seq2seq",
        input_shape=(LONGEST_COMMAND,),
        n_outputs=first + len(ACTIONS),
        n_train=scan_sizes(split=split, validation=validation).train,
        form="tokens",
        has_lengths=True,
        vocabulary=first + len(WORDS),
        target_length=LONGEST_ANSWER + 1,
    )


def search_space(data: DataSpec) -> Space:
    """Return what is worth searching: the batch size."""
    return Space({"data.batch_size": Choice([16, 32, 64, 128, 256], ordered=True, default=32)})


def legal_domains(data: DataSpec) -> dict[str, Domain]:
    """Return what the data module accepts, by key."""
    return {"data.batch_size": Int(2, data.n_train)}
