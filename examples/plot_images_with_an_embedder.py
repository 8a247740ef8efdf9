"""
Images: select by an embedding
==============================

Distances between pixels say little about what a picture shows, and a selector goes by distances.
So an ``embedder`` shows the selector something better, while the classifier gets the pictures as
they are. Here the embedder is made of patches, k-means and PCA, all of scikit-learn, so that this
runs without a download.
"""

# %%
# The pictures
# ------------
#
# An array of 1,797 pictures of 8 x 8 pixels. scikit-learn's own classifiers want rows of numbers;
# the first step of the classifier makes them, and CoresetClassifier hands the pictures through.
import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.cluster import MiniBatchKMeans
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from sklearn_zcore import (
    CoresetClassifier,
    FacilityLocationSelector,
    RandomSelector,
    ZCoreSelector,
)

digits = load_digits()
images_train, images_test, y_train, y_test = train_test_split(
    digits.images / 16, digits.target, test_size=0.25, stratify=digits.target, random_state=0
)
print(images_train.shape)


# %%
# An embedder is any transformer
# ------------------------------
#
# This one describes a picture by how much each of its quarters looks like 32 typical patches.
class PatchFeatures(TransformerMixin, BaseEstimator):
    """Similarity of the quarters of a picture to typical patches of 4 x 4 pixels."""

    def __init__(self, n_patches=32, random_state=None):
        self.n_patches = n_patches
        self.random_state = random_state

    def _patches(self, images):
        windows = np.lib.stride_tricks.sliding_window_view(images, (4, 4), axis=(1, 2))
        return windows[:, ::2, ::2].reshape(len(images), -1, 16)

    def fit(self, images, y=None):
        """Learn the typical patches."""
        patches = self._patches(images).reshape(-1, 16)
        self.kmeans_ = MiniBatchKMeans(
            self.n_patches, n_init=1, random_state=self.random_state
        ).fit(patches)
        return self

    def transform(self, images):
        """Describe pictures by them."""
        patches = self._patches(images)
        near = -self.kmeans_.transform(patches.reshape(-1, 16))
        return near.reshape(len(images), -1)


embedder = make_pipeline(PatchFeatures(random_state=0), StandardScaler(), PCA(32, random_state=0))

# %%
# A foundation model goes into the same place. With the extra ``embed`` and a model on disk or a
# network, this line is all that changes::
#
#     embedder = FoundationEmbedder("clip", cache_dir="embeddings")
#
# Train on a tenth
# ----------------
flatten = FunctionTransformer(lambda images: images.reshape(len(images), -1))
pixels = make_pipeline(flatten, SVC())
for name, selector in [
    ("facility location", FacilityLocationSelector(0.1, random_state=0)),
    ("ZCore", ZCoreSelector(0.1, n_iter=100_000, tol=0, random_state=0)),  # few draws
    ("random", RandomSelector(0.1, random_state=0)),
    ("all rows", RandomSelector(1.0, random_state=0)),
]:
    classifier = CoresetClassifier(pixels, selector, embedder).fit(images_train, y_train)
    n_rows = classifier.coreset_indices_.size
    accuracy = classifier.score(images_test, y_test)
    print(f"{name:>17}: {n_rows:5} pictures, held-out accuracy {accuracy:.3f}")
    if name == "facility location":
        coreset = classifier

# %%
# One random draw is no yardstick: it varies. :func:`~sklearn_zcore.budget_curve` draws many.
#
# What was chosen
# ---------------
#
# The pictures that the others are best represented by come first; those that add least come last.
ranking = coreset.selector_.ranking_
figure, axes = plt.subplots(2, 12, figsize=(9, 2), layout="constrained")
for row, (title, rows) in zip(
    axes, [("first", ranking[:12]), ("last", ranking[-12:])], strict=True
):
    row[0].set_title(title, loc="left", fontsize="small")
    for ax, number in zip(row, rows, strict=True):
        ax.imshow(images_train[number], cmap="gray_r")
        ax.set_xticks([])
        ax.set_yticks([])
