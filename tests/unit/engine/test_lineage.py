"""A history has no gaps, follows the weights, and is drawn as a tree."""

from __future__ import annotations

from raysearch.engine.lineage import lineage, schedule_of, tree
from raysearch.trial import Checkpoint, Measurement, Takeover, Trial


def taken(source, epoch, *, before, changes=None):
    path = f"trials/{source}/epoch-{epoch:04d}.ckpt"
    return Takeover(
        source=source,
        checkpoint=Checkpoint(epoch=epoch, path=path, size_bytes=9),
        before={"rate": before},
        changes=changes or {},
    )


def trial(id, *, epochs, rate, takeovers=()):
    measured = Measurement(epoch=epochs, step=epochs, values={}, seconds=1.0)
    return Trial(
        id=id,
        number=int(id),
        configuration={"rate": rate},
        measurements=(measured,),
        takeovers=takeovers,
    )


TRIALS = {
    found.id: found
    for found in (
        trial("0000", epochs=9, rate=0.0),
        trial("0001", epochs=9, rate=0.1),
        trial(
            "0002",
            epochs=9,
            rate=0.22,
            takeovers=(taken("0001", 3, before=0.2, changes={"rate": (0.1, 0.22)}),),
        ),
        trial(
            "0003",
            epochs=9,
            rate=0.333,
            takeovers=(
                taken("0001", 3, before=0.3, changes={"rate": (0.1, 0.33)}),
                taken("0002", 6, before=0.33),
            ),
        ),
    )
}


def stretches(id, **until):
    return [
        (found.trial, found.first, found.last, found.configuration["rate"])
        for found in schedule_of(TRIALS, id, **until)
    ]


def test_a_trial_of_its_own_has_one_stretch():
    assert stretches("0001") == [("0001", 1, 9, 0.1)]


def test_a_history_leads_over_others_to_the_first_epoch():
    assert stretches("0003") == [("0001", 1, 3, 0.1), ("0002", 4, 6, 0.22), ("0003", 7, 9, 0.333)]


def test_up_to_an_epoch_it_is_that_of_the_weights_of_then():
    assert stretches("0003", epoch=6) == [("0001", 1, 3, 0.1), ("0003", 4, 6, 0.33)]
    assert stretches("0003", epoch=3) == [("0003", 1, 3, 0.3)]
    assert stretches("0003", epoch=0) == []


def test_who_took_over_whom_is_told_in_order_of_epochs():
    told = [(each.epoch, each.trial, each.source) for each in lineage(TRIALS)]
    assert told == [(3, "0002", "0001"), (3, "0003", "0001"), (6, "0003", "0002")]


def test_the_tree_hangs_each_stretch_below_the_one_that_its_weights_are_of():
    assert tree(TRIALS) == (
        "0001 from its start",
        "├─ 0002 from epoch 3: rate 0.1 -> 0.22",
        "│  └─ 0003 from epoch 6",
        "└─ 0003 from epoch 3: rate 0.1 -> 0.33",
        "0002 from its start",
        "0003 from its start",
    )
    assert tree({"0000": TRIALS["0000"]}) == ()
