"""The report: what a coreset holds, misses, repeats, and how good it is.

Computed to a plain dict (`_compute` and what it joins), rendered by templates (`_page`), and
shown (`_report`).
"""

from sklearn_zcore.inspection.report._coreset_file import places_among, read_coreset_file
from sklearn_zcore.inspection.report._report import CoresetReport, require_report_extra

__all__ = ["CoresetReport", "places_among", "read_coreset_file", "require_report_extra"]
