"""
A look before you label
=======================

Labels are paid for by the row, so a coreset is worth a look first: what is in it, what does it
miss, what is in twice, is a group under-represented, and how much better than random draws is it?
:class:`~sklearn_zcore.CoresetReport` answers on one page, which needs no network.
"""

# %%
# A coreset of pictures
# ---------------------
#
# 1,797 handwritten digits of 8 x 8 pixels, a few of them a second time, and two pictures of noise.

# sphinx_gallery_thumbnail_path = "user_guide/report_map.png"
import numpy as np
from sklearn.datasets import load_digits

from sklearn_zcore import CoresetReport, FacilityLocationSelector

digits = load_digits()
rng = np.random.default_rng(0)
noise = rng.integers(0, 17, size=(2, 8, 8)).astype(float)
pictures = np.concatenate([digits.images, digits.images[:6], noise])
X = pictures.reshape(len(pictures), -1)
selector = FacilityLocationSelector(90, random_state=0).fit(X)

# %%
# Its report
# ----------
#
# The digits are known here. The selector has not seen them; the report compares the share of each
# among all pictures with its share of the coreset. Pictures can be paths, PIL images or arrays.
groups = {"digit": [*digits.target.astype(str), *digits.target[:6].astype(str), "noise", "noise"]}
images = np.kron(pictures * 15.9, np.ones((8, 8))).astype(np.uint8)
report = CoresetReport(selector, X, images=images, groups=groups, max_thumbnails=300)
report

# %%
# ``report.write_html("report.html")`` writes it to a file, and ``report.open()`` shows it in a
# browser.
#
# The figures behind it
# ---------------------
#
# ``to_dict`` has everything that the page shows, for a check in a pipeline, say.
figures = report.to_dict()
summary = figures["summary"]
print(f"mean distance {summary['coverage']['mean']:.1f}, random {summary['random']['mean']:.1f}")
print(f"{figures['near_duplicates']['n_labels_saved']} labels saved by near-duplicates")
for text in summary["warnings"]:
    print(text)
