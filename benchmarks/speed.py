"""Speed, memory and start-up of ZCore: our engine against the literal published loop.

    python benchmarks/speed.py            # the four sizes, about ten minutes
    python benchmarks/speed.py --quick    # the two small ones, one minute

Peak memory is that of the whole process, X included (Linux only).

Both run on one thread, on the same data, in turns within one run, so that a busy machine slows
both. The loop is the published one in NumPy: row-major X, an exact distance to every row and a
full argsort for each draw. The engine's time includes everything that a fit does before and
between the draws. goldener, which has a ZCore of its own, runs in the same turns where it is
installed. A second table has rows with ties (whole numbers, one-hot columns) beside the same rows,
or as many, without; the loop and goldener run on the tied ones.
"""

import argparse
import importlib.metadata
import os
import platform
import subprocess
import sys
import tempfile
import time
from functools import partial

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402
from _published import published_loop  # noqa: E402
from sklearn.datasets import load_digits  # noqa: E402

# (rows, features, draws of our engine, draws of the literal loop a turn)
SIZES = [
    (1_000, 30, 200_000, 1_500),
    (10_000, 30, 200_000, 400),
    (50_000, 1280, 1_000_000, 80),
    (1_280_000, 256, 1_000_000, 4),
]
TURNS = 3


def make_data(n, d):
    return np.random.default_rng(0).standard_normal((n, d), dtype=np.float32)


def literal_loop(X, n_iter, rng, clock=time.perf_counter):
    """Run the published loop and return the seconds a draw takes."""
    begin = clock()
    published_loop(X, n_iter, rng)
    return (clock() - begin) / n_iter


def goldener_loop(X, n_iter, clock=time.perf_counter):
    """Run goldener's ZCore and return the seconds a draw takes."""
    import torch
    from goldener.select import GoldZCoreSelectionTool

    torch.set_num_threads(1)
    tool = GoldZCoreSelectionTool(device="cpu", n_random_anchors=n_iter, random_state=0)
    begin = clock()
    tool.select(torch.from_numpy(X), 10)
    return (clock() - begin) / n_iter


def installed_goldener():
    """Return the version of goldener, or None."""
    try:
        return importlib.metadata.version("goldener")
    except importlib.metadata.PackageNotFoundError:
        return None


def engine(X, n_iter, n_jobs, clock=time.perf_counter):
    """Fit a selector's sums and return the seconds a draw takes, all included."""
    from sklearn_zcore.scoring import Scorer

    begin = clock()
    scorer = Scorer(
        X,
        subspace_dim=2,
        n_neighbors=1000,
        exponent=4,
        targets_per_subspace="auto",
        seed=0,
        n_jobs=n_jobs,
    )
    scorer.add(n_iter)
    return (clock() - begin) / n_iter


def speed_table(sizes):
    """Print microseconds a draw, in turns."""
    header = ["rows x features", "literal us/draw", "1 thread", "ratio", "2 threads", "2 over 1"]
    peer = installed_goldener()
    if peer is None:
        print("goldener is not installed: it is left out.")
    else:
        header.append(f"goldener {peer} us/draw")
    print("| " + " | ".join(header) + " |")
    print("|" + " --- |" * len(header))
    rng = np.random.default_rng(0)
    for n, d, n_iter, n_literal in sizes:
        X = make_data(n, d)
        engine(X[:1100], 100, 1)  # compile
        engine(X[:500], 100, 1)
        literal, one, two, others = [], [], [], []
        for _ in range(TURNS):
            literal.append(literal_loop(X, n_literal, rng))
            one.append(engine(X, n_iter, 1))
            two.append(engine(X, n_iter, 2))
            if peer is not None:
                others.append(goldener_loop(X, n_literal))
        ratio = np.median([a / b for a, b in zip(literal, one, strict=True)])
        gain = np.median([a / b for a, b in zip(one, two, strict=True)])
        cells = [
            f"{n:,} x {d}",
            f"{1e6 * np.median(literal):,.0f}",
            f"{1e6 * np.median(one):.2f}",
            f"{ratio:,.0f}x",
            f"{1e6 * np.median(two):.2f}",
            f"{gain:.2f}x",
        ]
        if peer is not None:
            cells.append(f"{1e6 * np.median(others):,.0f}")
        print("| " + " | ".join(cells) + " |", flush=True)
        del X


def tied_cases():
    """Yield (name, rows with ties, rows without)."""
    rng = np.random.default_rng(0)
    digits = load_digits().data
    yield "digits, and noise added", digits, digits + rng.normal(0, 0.01, digits.shape)
    one_hot = np.hstack([np.eye(9)[rng.integers(0, 9, 2000)] for _ in range(3)])
    yield "one-hot, and normal numbers", one_hot, rng.standard_normal(one_hot.shape)
    for n, values in ((6_000, rng.integers(0, 16, (6_000, 20))), (20_000, None)):
        values = np.floor(rng.exponential(3, (n, 20))) if values is None else values
        kind = "whole numbers" if n == 6_000 else "counts"
        yield f"{kind}, and noise added", values, values + rng.normal(0, 0.01, values.shape)


def tied_table(n_iter, n_literal):
    """Print CPU microseconds a draw of rows with ties and without, in turns, and of the others."""
    peer = installed_goldener()
    header = ["rows x features", "with ties, us/draw", "without", "ratio", "literal, with ties"]
    header += [] if peer is None else [f"goldener {peer}, with ties"]
    print("\n| " + " | ".join(header) + " |\n|" + " --- |" * len(header))
    rng = np.random.default_rng(0)
    for name, tied, untied in tied_cases():
        tied, untied = tied.astype(np.float32), untied.astype(np.float32)
        engine(tied, 100, 1)  # compile
        runs = [partial(engine, tied, n_iter, 1), partial(engine, untied, n_iter, 1)]
        runs.append(partial(literal_loop, tied, n_literal, rng))
        cpu = time.process_time
        times = np.array([[run(clock=cpu) for run in runs] for _ in range(TURNS)])
        ratio = np.median(times[:, 0] / times[:, 1])
        ours = [f"{1e6 * seconds:.2f}" for seconds in np.median(times[:, :2], axis=0)]
        others = [f"{1e6 * np.median(times[:, 2]):,.0f}"]
        if peer is not None:
            others.append(_cell_of_goldener(tied, n_literal))
        size = f"{tied.shape[0]:,} x {tied.shape[1]}"
        cells = [f"{name}, {size}", *ours, f"{ratio:.2f}x", *others]
        print("| " + " | ".join(cells) + " |", flush=True)


def _cell_of_goldener(X, n_iter):
    """Return its CPU microseconds a draw, or its error, which is part of the result."""
    try:
        times = [goldener_loop(X, n_iter, time.process_time) for _ in range(TURNS)]
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return f"{1e6 * np.median(times):,.0f}"


def in_fresh_process(code, **environment):
    """Run code in a new interpreter and return what it prints, as numbers."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environment},
    )
    return [float(value) for value in done.stdout.split()]


FIT = """
import time
import numpy as np
from sklearn_zcore import ZCoreSelector
X = np.random.default_rng(0).standard_normal(({n}, {d}), dtype=np.float32)
begin = time.perf_counter()
ZCoreSelector(n_iter={n_iter}, tol=0, n_jobs={n_jobs}, random_state=0).fit(X)
print(time.perf_counter() - begin)
with open("/proc/self/status") as status:
    print(next(line.split()[1] for line in status if line.startswith("VmHWM")))
"""

IMPORT = """
import time
begin = time.perf_counter()
import sklearn
between = time.perf_counter()
from sklearn_zcore import ZCoreSelector
print(between - begin, time.perf_counter() - between)
"""


def fit_times(sizes):
    """Print time and peak memory of whole fits in fresh processes."""
    print(
        "\n| whole fit, fresh process | draws | threads | seconds | peak memory | 1.7 X + 300 MB |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    for n, d, n_iter, _ in sizes:
        for n_jobs in (1, 2):
            seconds, peak = in_fresh_process(FIT.format(n=n, d=d, n_iter=n_iter, n_jobs=n_jobs))
            peak *= 1024
            x_bytes = 4 * n * d
            print(
                f"| {n:,} x {d} | {n_iter:,} | {n_jobs} | {seconds:.1f} | {peak / 1e6:,.0f} MB | "
                f"{(1.7 * x_bytes + 300e6) / 1e6:,.0f} MB |",
                flush=True,
            )


def start_up():
    """Print compile and import times."""
    for n in (500, 5_000):  # without an index, and with one
        with tempfile.TemporaryDirectory() as empty:
            code = FIT.format(n=n, d=10, n_iter=1, n_jobs=1)
            cold, _ = in_fresh_process(code, NUMBA_CACHE_DIR=empty)
            warm, _ = in_fresh_process(code, NUMBA_CACHE_DIR=empty)
            print(f"First fit of {n} rows: {cold:.1f} s cold (compiles), {warm:.2f} s after that")
    sklearn, ours = np.min([in_fresh_process(IMPORT) for _ in range(7)], axis=0)
    print(f"import sklearn {1e3 * sklearn:.0f} ms, and ZCoreSelector {1e3 * ours:.0f} ms more")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="only the two small sizes")
    parser.add_argument("--smoke", action="store_true", help="only see that it runs")
    arguments = parser.parse_args()
    sizes = SIZES[:2] if arguments.quick else SIZES
    if arguments.smoke:
        sizes = [(1_000, 5, 1_000, 10), (3_000, 5, 1_000, 10)]
    versions = ", ".join(
        f"{m.__name__} {m.__version__}" for m in map(__import__, ("numpy", "numba"))
    )
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {versions}\n")
    speed_table(sizes)
    tied_table(*(1_000, 5) if arguments.smoke else (200_000, 400))
    fit_times(sizes)
    print()
    if not arguments.smoke:
        start_up()


if __name__ == "__main__":
    main()
