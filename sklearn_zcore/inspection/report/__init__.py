"""The report: what a coreset holds, misses, repeats, and how good it is.

Computed to a plain dict (`_compute` and what it joins), rendered by templates (`_page`), and
shown (`_report`).
"""

from sklearn_zcore.inspection.report._report import CoresetReport

__all__ = ["CoresetReport"]
