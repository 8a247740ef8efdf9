"""The report: what a coreset holds, misses, repeats, and how good it is.

Computed to a plain dict (`_compute` and what it joins), rendered by templates (`_page`), and
shown (`_report`).
"""

from sklearn_zcore.inspection.report._compute import compute_report

__all__ = ["compute_report"]
