"""With whose weights does a child begin, and how long are they kept for it?"""

from __future__ import annotations

from raysearch.engine.ranking import ranked
from raysearch.init_from import Inheritance
from raysearch.run_dir import events as ev
from raysearch.trial import Suggestion
from tests.lab import ACCURACY, Counting, Lab


class Heirs(Counting):
    """Suggests children of one trial, from the second suggestion on."""

    def __init__(self, parent="0000"):
        super().__init__()
        self.parent = parent

    def suggest(self, *, number, pending):
        found = super().suggest(number=number, pending=pending)
        inherited = Inheritance(trial=self.parent).to_json()
        return Suggestion(configuration=found.configuration, origin={"inherits": inherited})


def inherited(lab, trial):
    return Inheritance.read(lab.state.trials[trial].origin)


def began(**settings):
    """Return a search whose first trial has ended, best in its second epoch, and that trial."""
    lab = Lab(searcher=Heirs(), max_trials=10, **settings).start()
    parent = lab.new_trial()
    for epoch, value in enumerate((0.5, 0.9, 0.7), start=1):
        lab.report(parent, epoch, value)
    return lab, parent


def test_a_child_begins_with_the_checkpoint_of_its_parents_best_epoch():
    lab, parent = began()
    child = lab.new_trial()
    path = f"trials/{parent}/2.ckpt"
    assert inherited(lab, child) == Inheritance(trial=parent, epoch=2, checkpoint=path)
    created = [e for e in lab.journal.events if isinstance(e, ev.TrialCreated)]
    assert created[-1].origin["inherits"]["checkpoint"] == path


def test_it_is_kept_until_the_child_has_one_of_its_own():
    lab, parent = began(checkpoint_budget_bytes=15)
    child, better = lab.new_trial(), lab.new_trial()
    for epoch in (1, 2, 3):
        lab.report(better, epoch, 0.95)
    assert lab.state.trials[parent].checkpoints
    lab.report(child, 1, 0.1)
    assert lab.state.pinned == {}
    for epoch in (2, 3):
        lab.report(child, epoch, 0.1)
    assert not lab.state.trials[parent].checkpoints
    assert f"trials/{parent}/2.ckpt" in lab.removed


def test_a_child_that_fails_lets_go_of_it():
    lab, _ = began()
    child = lab.new_trial()
    assert child in lab.state.pinned
    lab.engine.failed(child, cause="exception", error="ValueError")
    assert child not in lab.state.pinned


def test_without_a_checkpoint_it_begins_anew_and_the_journal_says_why():
    lab = Lab(searcher=Heirs(), max_trials=10).start()
    parent = lab.new_trial()
    for epoch in (1, 2, 3):
        lab.report(parent, epoch, 0.5, size=None)
    found = inherited(lab, lab.new_trial())
    assert found.checkpoint is None
    assert "is not kept" in found.reason


def test_weights_of_an_earlier_run_are_not_to_be_had():
    lab = Lab(searcher=Heirs("old/0007"), max_trials=10).start()
    lab.new_trial()
    assert "earlier run" in inherited(lab, lab.new_trial()).reason


def test_a_search_that_goes_on_knows_what_its_children_began_with():
    lab, parent = began()
    child = lab.new_trial()
    again = Lab(searcher=Heirs(), max_trials=10)
    again.engine.replay(lab.journal.events)
    assert inherited(again, child) == inherited(lab, child)
    assert again.state.pinned == {child: f"trials/{parent}/2.ckpt"}


def test_of_equal_values_the_one_whose_line_was_trained_for_less_comes_first():
    lab, parent = began()
    heir = lab.new_trial()
    lab.report(heir, 1, 0.9)
    order = ranked(lab.state.trials.values(), objective=ACCURACY)
    assert [trial.id for trial in order] == [parent, heir]  # 2 epochs, and 2 + 1


def test_epochs_of_a_line_add_up():
    lab = Lab(searcher=Heirs(), max_trials=10).start()
    parent = lab.new_trial()
    for epoch, value in enumerate((0.5, 0.9, 0.7), start=1):
        lab.report(parent, epoch, value)
    child = lab.new_trial()
    for epoch, value in enumerate((0.5, 0.6, 0.95), start=1):
        lab.report(child, epoch, value)
    lab.engine._suggestions._searcher.parent = child
    grandchild = lab.new_trial()
    assert lab.state.trials[grandchild].epochs_before == 2 + 3
    again = Lab(searcher=Heirs(), max_trials=10)
    again.engine.replay(lab.journal.events)
    assert again.state.trials[grandchild].epochs_before == 5
