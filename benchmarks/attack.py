"""Attacks on the selectors: odd rows, kills, and damaged files. Counts are the last line.

    python benchmarks/attack.py                     # five minutes
    python benchmarks/attack.py --seconds 3600 --seed 1
    python benchmarks/attack.py --smoke             # some seconds

Fuzz: random rows of every dtype, layout and degree of degeneration go through every selector. It
has to raise ValueError or TypeError with a message, or keep what it promises: a ranking of all
rows, nested coresets, scores in [0, 1], the same bits for two workers and another layout, the rows
that were selected. Kills: a process that fits with ``memory`` is killed at a random moment, and the
next one must find the same scores. Damage: what ``memory`` and the cache of compiled kernels keep
is flipped, cut off or replaced, and nothing but a warning may come of it. Each attack is made once
at least. Ends with status 1 if anything was broken.
"""

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

from sklearn_zcore.selection import SELECTORS

DTYPES = ["f2", "f4", "f8", "i1", "u1", "i4", "i8", "u8", "?", ">f4", "O"]
FEW = {"n_iter": 500, "tol": 0, "random_state": 0, "n_components": 16}


def make(name, **parameters):
    """Return a selector of few draws."""
    estimator = SELECTORS[name].estimator
    known = estimator().get_params()
    wanted = {**FEW, **parameters}
    return estimator(**{key: value for key, value in wanted.items() if key in known})


# --- fuzz ---------------------------------------------------------------------------------------


def odd_rows(rng):
    """Make rows of a random shape, dtype, scale and degree of degeneration."""
    n, d = int(rng.integers(1, 80)), int(rng.integers(1, 7))
    kind = rng.choice(["normal", "heavy", "ties", "far", "ones"])
    X = {
        "normal": lambda: rng.standard_normal((n, d)),
        "heavy": lambda: np.exp(5 * rng.standard_normal((n, d))),
        "ties": lambda: rng.integers(0, 3, (n, d)).astype(float),
        "far": lambda: rng.standard_normal((n, d)) + 1e6 * rng.integers(0, 3, (n, 1)),
        "ones": lambda: np.ones((n, d)),
    }[kind]()
    X *= 10.0 ** rng.choice([0, 0, 0, 3, -3, 30, -30, 300])
    X = X + 10.0 ** rng.choice([-300, 0, 9, 15])
    if rng.random() < 0.3:
        X = X[rng.integers(0, n, n)]  # copies
    if rng.random() < 0.2:
        X[:, rng.integers(d)] = X[0, 0]
    if rng.random() < 0.2:
        X[rng.integers(n), rng.integers(d)] = rng.choice([np.nan, np.inf, -np.inf])
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        X = X.astype(rng.choice(DTYPES))
    if rng.random() < 0.3:
        X = np.asfortranarray(X)
    if rng.random() < 0.2:
        X = np.repeat(X, 2, axis=1)[:, ::2]
    return X


def check_fit(name, X, rng, counts):
    """Fit and check what every selector promises."""
    budget = rng.choice([1, 2, 5, 0.1, 0.5, 1.0])
    budget = int(budget) if budget in (1, 2, 5) and rng.random() < 0.5 else float(min(budget, 1.0))
    try:
        selector = make(name, budget=budget).fit(X)
    except (ValueError, TypeError) as error:
        assert len(str(error)) > 20, "an error that says nothing"
        counts["refused"] += 1
        return
    n = len(X)
    assert sorted(selector.ranking_) == list(range(n)), "the ranking is none"
    assert np.isfinite(selector.scores_).all(), "a score is not finite"
    assert ((selector.scores_ >= 0) & (selector.scores_ <= 1)).all(), "a score is out of range"
    assert selector.support_.sum() == selector.n_selected_ == len(selector.indices_) >= 1
    assert selector.transform(X).shape == (selector.n_selected_, X.shape[1])
    try:
        assert np.isfinite(selector.score(X)), "the score of the coreset is not finite"
    except AttributeError as error:  # random takes rows that are no finite numbers
        assert "not made of finite numbers" in str(error) and name == "random"
    small = set(selector.set_budget(1).indices_)
    assert small <= set(selector.ranking_[:1]), "coresets are not nested"
    again = make(name, budget=budget, n_jobs=2).fit(np.ascontiguousarray(X))
    assert np.array_equal(again.scores_, selector.scores_), "two workers, other bits"
    counts["invariants"] += 8


def fuzz(rng, until, counts):
    """Send odd rows through all selectors until the time is over."""
    while counts["fits"] < 100 or time.monotonic() < until:
        X = odd_rows(rng)
        for name in SELECTORS:
            counts["fits"] += 1
            yield (
                f"fuzz {name}, {X.shape} {X.dtype}",
                lambda X=X, name=name: check_fit(name, X, rng, counts),
            )


# --- kills and damage ---------------------------------------------------------------------------

FIT = """
import sys
import numpy as np
from sklearn_zcore import FacilityLocationSelector, ZCoreSelector
X = np.random.default_rng(0).standard_normal((4000, 8), dtype=np.float32)
zcore = ZCoreSelector(n_iter=100_000, tol=0, random_state=0, memory=sys.argv[1]).fit(X)
facility = FacilityLocationSelector(random_state=0, memory=sys.argv[1]).fit(X)
print(zcore.ranking_.sum() + 7 * zcore.ranking_[0], hash(zcore.scores_.tobytes()),
      hash(facility.ranking_.tobytes()))
"""


def start(folder, kernels):
    """Start a process that fits with memory in a folder."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(kernels), "PYTHONHASHSEED": "0"}
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", FIT, str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def finish(process):
    """Return what a process has printed."""
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err[-1000:]
    return out


def check_kill(folder, kernels, expected, seconds, counts):
    """Kill a fit, and fit again."""
    process = start(folder, kernels)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(seconds)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    counts["kills"] += 1
    assert finish(start(folder, kernels)) == expected, "another result after a kill"


def check_damage(path, rng, run, counts):
    """Damage one file, and fit again."""
    content = bytearray(path.read_bytes())
    how = rng.choice(["flip", "cut", "empty", "noise"])
    if how == "flip" and content:
        content[rng.integers(len(content))] ^= 1 << int(rng.integers(8))
    elif how == "cut":
        content = content[: int(rng.integers(len(content) + 1))]
    else:
        content = bytearray() if how == "empty" else bytearray(rng.bytes(100))
    path.write_bytes(bytes(content))
    counts["damaged files"] += 1
    run()


def attack_files(rng, until, counts):
    """Kill fits and damage what they have kept until the time is over."""
    with tempfile.TemporaryDirectory() as scratch:
        folder, kernels = Path(scratch, "memory"), Path(scratch, "kernels")
        expected = finish(start(folder, kernels))
        begin, expected_again = time.monotonic(), finish(start(folder, kernels))
        seconds = time.monotonic() - begin
        assert expected_again == expected

        def run():
            assert finish(start(folder, kernels)) == expected, "another result after damage"

        while not counts["damaged files"] or time.monotonic() < until:
            for path in folder.rglob("*.arrays"):
                path.unlink()
            yield (
                "kill",
                lambda: check_kill(
                    folder, kernels, expected, rng.uniform(0.2, 1.2) * seconds, counts
                ),
            )
            kept = sorted(folder.rglob("*.arrays"))
            yield (
                "damage memory",
                lambda kept=kept: check_damage(kept[rng.integers(len(kept))], rng, run, counts),
            )
            # Machine code has no checksum: numba's index alone is damaged here.
            indexes = sorted(kernels.rglob("*.nbi"))
            yield (
                "damage kernels",
                lambda indexes=indexes: check_damage(
                    indexes[rng.integers(len(indexes))], rng, run, counts
                ),
            )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=float, default=300, help="how long, default: 300")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--smoke", action="store_true", help="some seconds only")
    arguments = parser.parse_args()
    seconds = 5 if arguments.smoke else arguments.seconds
    rng, counts = np.random.default_rng(arguments.seed), Counter()
    for attack, share in ((fuzz, 0.6), (attack_files, 0.4)):
        for name, run in attack(rng, time.monotonic() + share * seconds, counts):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    run()
            except Exception:
                counts["broken"] += 1
                print(f"broken: {name}\n{traceback.format_exc()}", flush=True)
    print(", ".join(f"{counts[key]:,} {key}" for key in (
        "fits", "refused", "invariants", "kills", "damaged files", "broken"
    )))  # fmt: skip
    sys.exit(counts["broken"] > 0)


if __name__ == "__main__":
    main()
