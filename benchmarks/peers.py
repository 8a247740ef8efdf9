"""Peers of the selectors: other packages that choose rows, on the same data in one run.

    python -m venv peers && peers/bin/pip install . pandas pyarrow skrub apricot-select kmedoids \
        skmatter scikit-activeml goldener
    peers/bin/python benchmarks/peers.py             # four data sets of scikit-learn, minutes
    peers/bin/python benchmarks/peers.py --quick     # 300 rows of each

Every method chooses 5 % of at most 2,000 rows, standardised. The objective is the mean Euclidean
distance of all rows to the nearest chosen one; CPU time is that of a second call, when kernels
have been compiled. What is not installed is said, and left out.
"""

import argparse
import importlib.metadata
import platform
import time

import numpy as np
from _published import published_loop
from sklearn.datasets import load_digits, load_wine, make_blobs, make_classification
from sklearn.metrics import pairwise_distances, pairwise_distances_argmin_min
from sklearn.preprocessing import StandardScaler

import sklearn_zcore
from sklearn_zcore.selection import SELECTORS

SHARE, SEED = 0.05, 0


def data_sets(max_rows):
    """Yield (name, rows) of four data sets that need no network."""
    blobs = make_blobs(2000, 16, centers=40, cluster_std=2.0, random_state=SEED)[0]
    mixed = make_classification(2000, 30, n_informative=12, random_state=SEED)[0]
    wine = np.tile(load_wine().data, (6, 1))
    jitter = np.random.default_rng(SEED).normal(0, 0.1, wine.shape) * wine.std(axis=0)
    sets = {"digits": load_digits().data, "wine, jittered": wine + jitter}
    for name, X in {**sets, "blobs": blobs, "classes": mixed}.items():
        rows = np.random.default_rng(SEED).permutation(len(X))[:max_rows]
        yield name, StandardScaler().fit_transform(X[np.sort(rows)])


def ours(entry):
    """Return one of our selectors as a function of rows and how many to choose."""

    def choose(X, k):
        selector = entry.estimator(budget=k)
        parameters = selector.get_params()
        seeded = {"random_state": SEED} if "random_state" in parameters else {}
        if "metric" in parameters:
            seeded["metric"] = "euclidean"
        return selector.set_params(**seeded).fit(X).indices_

    return choose


def apricot(X, k):
    """Choose by lazy greedy facility location."""
    from apricot import FacilityLocationSelection

    selection = FacilityLocationSelection(k, metric="euclidean", optimizer="lazy")
    return selection.fit(X).ranking


def fasterpam(X, k):
    """Choose k medoids, from the matrix of distances."""
    import kmedoids

    return kmedoids.fasterpam(pairwise_distances(X), k, random_state=SEED, n_cpu=1).medoids


def farthest_points(X, k):
    """Choose by farthest point sampling."""
    from skmatter.sample_selection import FPS

    return FPS(n_to_select=k, initialize=0).fit(X).selected_idx_


def cur(X, k):
    """Choose by the leverage scores of a CUR decomposition."""
    from skmatter.sample_selection import CUR

    return CUR(n_to_select=k, recompute_every=0).fit(X).selected_idx_


def typical_clusters(X, k):
    """Choose the most typical row of every cluster."""
    from skactiveml.pool import TypiClust

    y = np.full(len(X), np.nan)
    return TypiClust(missing_label=np.nan, random_state=SEED).query(X, y, batch_size=k)


def core_set(X, k):
    """Choose by greedy k-center."""
    from skactiveml.pool import CoreSet

    y = np.full(len(X), np.nan)
    return CoreSet(missing_label=np.nan, random_state=SEED).query(X, y, batch_size=k)


def published_zcore(X, k):
    """Choose by the published loop of ZCore, written in NumPy, in 20,000 draws."""
    rng = np.random.default_rng(SEED)
    # A random number is added, which decides among rows that no draw has hit.
    scores = rng.random(len(X)) + published_loop(X.astype(np.float32), 20_000, rng)
    return np.argsort(-scores)[:k]


def goldener_zcore(X, k):
    """Choose by goldener's ZCore, in 20,000 draws: its default of two million takes an hour."""
    import torch
    from goldener.select import GoldZCoreSelectionTool

    tool = GoldZCoreSelectionTool(device="cpu", n_random_anchors=20_000, random_state=SEED)
    return tool.select(torch.from_numpy(X), k)


PEERS = {
    "facility location, lazy greedy": ("apricot-select", apricot),
    "FasterPAM": ("kmedoids", fasterpam),
    "FPS": ("skmatter", farthest_points),
    "CUR": ("skmatter", cur),
    "TypiClust": ("scikit-activeml", typical_clusters),
    "CoreSet": ("scikit-activeml", core_set),
    "ZCore, the published loop, 20,000 draws": ("numpy", published_zcore),
    "ZCore, 20,000 draws": ("goldener", goldener_zcore),
}


def measure(choose, X, k):
    """Return (objective, CPU seconds) of a choice."""
    choose(X, k)  # compiles what is compiled
    begin = time.process_time()
    rows = np.asarray(choose(X, k), dtype=int)
    seconds = time.process_time() - begin
    if np.unique(rows).size != k:
        raise ValueError(f"{np.unique(rows).size} rows instead of {k}")
    return pairwise_distances_argmin_min(X, X[rows])[1].mean(), seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="300 rows of each data set")
    sets = dict(data_sets(300 if parser.parse_args().quick else 2000))
    methods = {f"{entry.label} (sklearn-zcore)": ours(entry) for entry in SELECTORS.values()}
    versions = {"sklearn-zcore": sklearn_zcore.__version__}
    for name, (package, choose) in PEERS.items():
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            print(f"{package} is not installed: {name} is left out.")
        else:
            methods[f"{name} ({package})"] = choose
    print(f"Python {platform.python_version()}, " + ", ".join(map(" ".join, versions.items())))
    header = [f"{name} {X.shape[0]:,} x {X.shape[1]}" for name, X in sets.items()]
    print("| Method | " + " | ".join(header) + " |\n|" + " --- |" * (len(sets) + 1))
    for name, choose in methods.items():
        cells = []
        for X in sets.values():
            try:
                objective, seconds = measure(choose, X, int(SHARE * len(X)))
                cells.append(f"{objective:.3f}, {seconds:.2f} s")
            except Exception as error:  # a peer's own, which is part of the result
                cells.append(f"{type(error).__name__}: {error}"[:60])
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
