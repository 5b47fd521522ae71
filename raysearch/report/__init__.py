"""How is a search shown: one HTML file that needs nothing else, and the same figures as PNG?

Reads run directories and writes nothing into them but the report itself. Loads neither Ray nor, but
to draw the winner's architecture and its mistakes, torch.
"""

from __future__ import annotations

from raysearch.report.write import Report, write_report

__all__ = ["Report", "write_report"]
