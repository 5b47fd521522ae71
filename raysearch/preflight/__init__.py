"""What can be known of a search before a worker starts?

    verdict = preflight(experiment)     # tries the default and the corners of the space
    verdict.raise_faults()              # ConfigurationError: ... the objective is never logged ...
    verdict.warnings, verdict.cost

`corners` says which configurations are tried, `probe` tries one, `cost` extrapolates, `verdict`
judges. Only `probe` and `gauge` load torch and Lightning.
"""

from __future__ import annotations

from raysearch.preflight.corners import Corner
from raysearch.preflight.cost import Cost
from raysearch.preflight.findings import Finding, Tried
from raysearch.preflight.record import Failure, Probe
from raysearch.preflight.stage import RunProbe, preflight
from raysearch.preflight.verdict import Verdict

__all__ = [
    "Corner",
    "Cost",
    "Failure",
    "Finding",
    "Probe",
    "RunProbe",
    "Tried",
    "Verdict",
    "preflight",
]
