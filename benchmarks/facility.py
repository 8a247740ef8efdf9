"""Time and memory of facility location against the number of rows.

    python benchmarks/facility.py            # 10,000 to 1,000,000 rows, a few minutes
    python benchmarks/facility.py --quick    # up to 100,000 rows
    python benchmarks/facility.py --stream   # partial_fit beside the fit on everything, a minute

Every fit runs in a process of its own, with two workers, on normal float32 data. Peak memory is
what the process takes beyond X and what it had before the fit (Linux only).
"""

import argparse
import platform
import subprocess
import sys

import numpy as np

SIZES = [(10_000, 64), (30_000, 64), (100_000, 64), (300_000, 64), (1_000_000, 64), (100_000, 512)]

FIT = """
import time
import numpy as np
from sklearn_zcore import FacilityLocationSelector

def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))

X = np.random.default_rng(0).standard_normal(({n}, {d}), dtype=np.float32)
FacilityLocationSelector(metric={metric!r}).fit(X[:2000])
before = peak()
begin, cpu = time.perf_counter(), time.process_time()
FacilityLocationSelector(metric={metric!r}, n_jobs={n_jobs}, random_state=0).fit(X)
print(time.perf_counter() - begin, time.process_time() - cpu, (peak() - before) / 1024)
"""


def measure(n, d, metric, n_jobs):
    """Return seconds, seconds of the processors, and megabytes of one fit."""
    code = FIT.format(n=n, d=d, metric=metric, n_jobs=n_jobs)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return [float(value) for value in done.stdout.split()]


# --- streams --------------------------------------------------------------------------------------

BUDGETS = (0.01, 0.02, 0.05, 0.1)
STREAM_PARTS = 64  # rows: the stream is then cut into blocks of 2,048, each reduced by itself


def streamed_data(small):
    """Yield data sets of several kinds: name, rows, labels."""
    from sklearn.datasets import load_breast_cancer, load_digits, make_classification
    from sklearn.preprocessing import StandardScaler

    rng = np.random.default_rng(0)
    n = 3_000 if small else 12_000
    digits, y = load_digits(return_X_y=True)
    more = rng.integers(0, len(y), n)
    X = StandardScaler().fit_transform(digits[more] + rng.normal(0, 0.5, (n, 64)))
    yield "digits, drawn with noise", X, y[more]
    cells, y = load_breast_cancer(return_X_y=True)
    more = rng.integers(0, len(y), n)
    X = StandardScaler().fit_transform(cells)[more] + rng.normal(0, 0.3, (n, 30))
    yield "breast cancer, drawn with noise", X, y[more]
    X, y = make_classification(
        n, 20, n_informative=8, n_classes=5, n_clusters_per_class=3, random_state=0
    )
    yield "clusters", X, y
    yield "skewed", np.log1p(rng.lognormal(sigma=2, size=(n, 10))), rng.integers(0, 4, n)
    centres = rng.standard_normal((50, 128))
    y = rng.integers(0, 50, n)
    X = np.maximum(centres[y] + 0.7 * rng.standard_normal((n, 128)), 0)
    yield "embeddings after a rectifier", X, y


def mean_distance(X, rows):
    """Return the mean L1 distance of all rows to the nearest of some."""
    from sklearn.metrics import pairwise_distances_chunked

    chunks = pairwise_distances_chunked(
        X, X[rows], metric="manhattan", reduce_func=lambda d, _: d.min(axis=1)
    )
    return float(np.concatenate(list(chunks)).mean())


def compare_streams(small):
    """Print what streams leave over the fit on everything: the mean distance, as a ratio."""
    from sklearn_zcore import FacilityLocationSelector

    header = ["data", "order of the stream", *(f"{budget:.0%}" for budget in BUDGETS)]
    print(
        f"Rows in blocks of {32 * STREAM_PARTS:,}; mean distance to the coreset, over that of fit\n"
    )
    print("| " + " | ".join(header) + " |")
    print("|" + " --- |" * len(header))
    for name, X, y in streamed_data(small):
        orders = {
            "shuffled": np.random.default_rng(1).permutation(len(X)),
            "by a feature": np.argsort(X[:, X.std(axis=0).argmax()], kind="stable"),
            "by class": np.argsort(y, kind="stable"),
        }
        settings = {"part_size": STREAM_PARTS, "random_state": 0}
        whole = FacilityLocationSelector(**settings).fit(X)
        best = [mean_distance(X, whole.set_budget(budget).indices_) for budget in BUDGETS]
        for order, rows in orders.items():
            ratios = []
            for budget, least in zip(BUDGETS, best, strict=True):
                stream = FacilityLocationSelector(int(budget * len(X)), **settings)
                for block in np.array_split(X[rows], 20):
                    stream.partial_fit(block)
                ratios.append(mean_distance(X, rows[stream.indices_]) / least)
            cells = [f"{len(X):,} x {X.shape[1]} {name}", order, *(f"{r:.3f}" for r in ratios)]
            print("| " + " | ".join(cells) + " |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="up to 100,000 rows")
    parser.add_argument("--smoke", action="store_true", help="only see that it runs")
    parser.add_argument("--stream", action="store_true", help="streams, not time")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    if arguments.stream:
        compare_streams(arguments.smoke)
        return
    sizes = SIZES[:3] if arguments.quick else SIZES
    if arguments.smoke:
        sizes = [(6_000, 4)]
    print(f"{platform.processor() or platform.machine()}, {arguments.jobs} workers\n")
    header = ["rows x features", "metric", "seconds", "CPU seconds", "CPU us a row", "memory"]
    print("| " + " | ".join(header) + " |")
    print("|" + " --- |" * len(header))
    for n, d in sizes:
        for metric in ("manhattan", "euclidean"):
            seconds, cpu, megabytes = measure(n, d, metric, arguments.jobs)
            cells = [f"{n:,} x {d}", metric, f"{seconds:.1f}", f"{cpu:.1f}"]
            cells += [f"{1e6 * cpu / n:.1f}", f"{megabytes:,.0f} MB"]
            print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
