"""What is pending to a searcher is kept as it changes, however many trials there are."""

from __future__ import annotations

import pytest

from raysearch.searchers.pending import Pending
from raysearch.searchers.tried import Tried, key
from raysearch.trial import Trial, TrialStatus
from tests.lab import Counting, Lab


class Watching(Counting):
    """Keeps what it was told was pending."""

    def __init__(self):
        super().__init__()
        self.lists = []

    def suggest(self, *, number, pending):
        self.lists.append(pending)
        return super().suggest(number=number, pending=pending)


@pytest.fixture
def watched():
    searcher = Watching()
    lab = Lab(searcher=searcher, max_epochs=3, max_trials=9).start()
    for _ in range(4):
        lab.new_trial()
    return searcher, lab


def ids(pending):
    return [trial.id for trial in pending]


def test_each_list_says_what_is_different_from_the_one_before(watched):
    searcher, lab = watched
    lab.report("0001", 1, 0.5)
    for epoch in (1, 2, 3):
        lab.report("0002", epoch, 0.5)
    assert lab.state.trials["0002"].status is TrialStatus.COMPLETED
    lab.new_trial()
    before, last = searcher.lists[-2:]
    assert ids(last) == ["0000", "0001", "0003"]
    assert last.follows(before)
    assert (ids(last.begun), last.gone) == (["0003"], ("0002",))
    assert last[1].epochs == 1  # as it stands now
    assert before[1].epochs == 0  # and stood then


def test_who_follows_the_lists_knows_the_same_as_who_reads_them_whole():
    one, two, three = ({"width": n} for n in (1, 1, 3))
    trials = [
        Trial(id=f"000{n}", number=n, configuration=c) for n, c in enumerate((one, two, three))
    ]
    first = Pending(trials[:2])
    second = Pending(trials[1:], before=first, begun=trials[2:], gone=["0000"])
    third = Pending(trials[2:], before=second, gone=["0001"])
    followed, fresh = Tried(), Tried()
    for pending in (first, second, third):
        followed.set_pending(pending)
        fresh.set_pending(list(pending))
        for width in (1, 3):
            assert (key({"width": width}) in followed) == (key({"width": width}) in fresh)
    assert key({"width": 1}) not in followed
    skipping = Tried()
    skipping.set_pending(first)
    skipping.set_pending(third)  # not the one that follows
    assert key({"width": 1}) not in skipping
    assert key({"width": 3}) in skipping
