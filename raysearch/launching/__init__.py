"""How does a search come to a cluster? What is sent there, and manifests for what starts one.

`packing` says which files go along, `settings` reads cluster.yaml, `kuberay` and `scripts` write
the same cluster for Kubernetes, Slurm and one machine. Ray itself is in `tuning`.
"""

from __future__ import annotations
