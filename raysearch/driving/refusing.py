"""What keeps a session from beginning, and what should a person know before it begins?"""

from __future__ import annotations

from collections.abc import Sequence

from raysearch.compression.needs import refuse_without
from raysearch.driving.drive import Drive
from raysearch.errors import ConfigurationError, RunDirectoryError
from raysearch.experiment.fingerprints import refuse_changed
from raysearch.preflight.machine import check_machine
from raysearch.preflight.variables import refuse_wrong_variables
from raysearch.results.evidence import EarlierRun, earlier_runs
from raysearch.results.messages import to_type
from raysearch.run_dir import Lease
from raysearch.training.jobs import new_session
from raysearch.training.preloading import own_modules
from raysearch.trying import Stage

STORES = "obstore"
"""What every node needs that reaches a run directory in an object store."""


def announced(drive: Drive, *, stage: Stage) -> Sequence[EarlierRun]:
    """Refuse what cannot be run, say what is, and return the runs that are evidence for it."""
    new_session()
    _refuse_if_unusable(drive)
    for note in drive.notes:
        stage(note)
    earlier = () if drive.resumes else earlier_runs(drive.experiment)
    for run in earlier:
        stage(f"evidence: {run.text}")
    stage("starting Ray")
    if drive.address is None:
        check_machine(drive.experiment.resources, parallel=drive.experiment.parallel)
    return earlier


def check_nodes_of(drive: Drive, *, stage: Stage) -> None:
    """Refuse a cluster on some of whose nodes trials would fail."""
    from raysearch.tuning.nodes import check_nodes

    stage("looking at the nodes of the cluster")
    is_remote = drive.run_dir.mirror is not None
    check_nodes(
        modules=(*own_modules(drive.experiment), *([STORES] if is_remote else [])),
        run_dir=None if is_remote else drive.run_dir.path,
        store=None if drive.run_dir.mirror is None else str(drive.run_dir.mirror.address),
    )


def _refuse_if_unusable(drive: Drive) -> None:
    refuse_wrong_variables()
    try:
        drive.run_dir.refuse_if_unusable()
    except RunDirectoryError as error:
        raise ConfigurationError(str(error)) from error
    Lease.refuse_if_held(drive.run_dir.path)
    if drive.experiment.compress is not None:
        refuse_without(what="compress")
    if drive.resumes:
        refuse_changed(drive.experiment, shown_by=to_type("results", drive.run_dir.path))
