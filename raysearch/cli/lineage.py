"""What does a person see of a trial that began with another one's weights?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raysearch.counting import counted

if TYPE_CHECKING:
    from raysearch.results import Results
    from raysearch.run_dir import events as ev
    from raysearch.trial import Trial


def inheritance_facts(results: Results, trial: Trial) -> list[tuple[str, str]]:
    """Return whose weights a trial began with, and what became of them; nothing for most."""
    from raysearch.results.lineage import inheritance_document

    told = inheritance_document(trial, trials=results.state.trials)
    if told is None:
        return []
    if told.get("reason"):
        return [("began", f"anew, not with the weights of trial {told['trial']}: {told['reason']}")]
    before = counted(told["epochs_before"], "epoch")
    text = (
        f"with the weights of trial {told['trial']} after its epoch {told['epoch']}; "
        f"{before} of its line before its own"
    )
    return [("began", text), *_layers(told)]


def _layers(told: dict[str, Any]) -> list[tuple[str, str]]:
    if "preserved" not in told:  # it has not reported yet
        return []
    counts = f"{told['preserved']} preserved, {told['overlapped']} in part, {told['new']} new"
    is_same = told["is_preserved"]
    what = "which computed the same at first" if is_same else f"not the same: {told['changes']}"
    return [("", f"layers: {counts}; {what}")]


def line_text(model: ev.Refitted) -> str:
    """Return what was trained before the winner, as the end of a sentence; empty for most."""
    if not model.line:
        return ""
    n_epochs = sum(int(each["epochs"]) for each in model.line)
    names = " ".join(str(each["trial"]) for each in model.line)
    return f", after {counted(n_epochs, 'epoch')} of the trials whose weights it has: {names}"
