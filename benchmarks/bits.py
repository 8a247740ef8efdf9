"""Whether a change moves a bit: the scores and rankings of some two dozen fits, kept and compared.

    python benchmarks/bits.py --out before.npz         # in the checkout before the change
    python benchmarks/bits.py --compare before.npz     # in the checkout after it

Run both on one machine and in one environment: the bits of matrix products and of k-means belong to
the libraries that compute them. It ends with status 1 where anything differs.
"""

import argparse
import sys
import warnings
from pathlib import Path

import numpy as np

import sklearn_zcore as zcore


def data():
    """Return small sets of rows by name: wide, tied, copied, far from zero, of several dtypes."""
    rng = np.random.default_rng(0)
    normal = rng.standard_normal((3_000, 12))
    heavy = np.exp(1.5 * rng.standard_normal((2_000, 8)))
    ties = rng.integers(0, 4, (1_500, 6))
    copies = np.repeat(rng.standard_normal((400, 5)), rng.integers(1, 6, 400), axis=0)
    copies = copies[rng.permutation(len(copies))]
    clusters = rng.standard_normal((9_000, 16)) + 6 * rng.integers(0, 5, (9_000, 1))
    times = 1.7e9 + 86_400 * rng.random((1_200, 3))
    constant = np.column_stack([normal[:1000, :3], np.full(1000, 7.0)])
    return {
        "normal": normal,
        "float32": normal.astype(np.float32),
        "float16": normal.astype(np.float16),
        "Fortran": np.asfortranarray(heavy),
        "ties": ties,
        "copies": copies,
        "clusters": clusters.astype(np.float32),
        "times": times,
        "constant": constant,
    }


def fits():
    """Yield name, selector, data set and keywords of ``fit``."""
    zcore_ = {"n_iter": 30_000, "tol": 0, "random_state": 0}
    pick = np.arange(0, 1_000, 40)
    yield "zcore", zcore.ZCoreSelector(**zcore_), "normal", {}
    yield "zcore two jobs", zcore.ZCoreSelector(n_jobs=2, **zcore_), "clusters", {}
    yield "zcore m=1", zcore.ZCoreSelector(subspace_dim=1, **zcore_), "float32", {}
    yield "zcore m=3", zcore.ZCoreSelector(subspace_dim=3, **zcore_), "clusters", {}
    yield "zcore all neighbours", zcore.ZCoreSelector(n_neighbors=9_999, **zcore_), "Fortran", {}
    yield "zcore exponent", zcore.ZCoreSelector(exponent=1.5, **zcore_), "float16", {}
    yield "zcore one target", zcore.ZCoreSelector(targets_per_subspace=1, **zcore_), "normal", {}
    for name in ("ties", "copies", "times", "constant"):
        yield f"zcore {name}", zcore.ZCoreSelector(n_neighbors=50, **zcore_), name, {}
    for metric in ("manhattan", "euclidean"):
        facility = zcore.FacilityLocationSelector(metric=metric, random_state=0)
        yield f"facility {metric}", facility, "float32", {}
        yield f"facility {metric} pyramid", facility, "clusters", {}
        yield f"facility {metric} selected", facility, "clusters", {"selected": pick}
    plain = zcore.FacilityLocationSelector(reduce_hubs=False, part_size=64, n_jobs=2)
    yield "facility plain", plain.set_params(random_state=1), "float16", {}
    yield "facility ties", zcore.FacilityLocationSelector(random_state=0), "ties", {}
    yield "facility copies", zcore.FacilityLocationSelector(random_state=0), "copies", {}
    yield "facility exact", zcore.FacilityLocationSelector(exact=True, random_state=0), "times", {}
    yield "k-means", zcore.KMeansSelector(0.05, random_state=0), "normal", {}
    yield "k-means copies", zcore.KMeansSelector(40, random_state=0), "copies", {}
    yield "k-center", zcore.KCenterSelector(), "Fortran", {}
    yield "k-center selected", zcore.KCenterSelector(60), "clusters", {"selected": pick}
    yield "herding", zcore.HerdingSelector(random_state=0), "normal", {}
    yield "herding ties", zcore.HerdingSelector(0.02, gamma=0.5, random_state=0), "ties", {}
    yield "random", zcore.RandomSelector(random_state=0), "normal", {}


def measure():
    """Return the scores and rankings of all fits."""
    sets, found = data(), {}
    for name, selector, rows, keywords in fits():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            selector.fit(sets[rows], **keywords)
        found[f"{name}: scores"] = selector.scores_
        found[f"{name}: ranking"] = selector.ranking_
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    task = parser.add_mutually_exclusive_group(required=True)
    task.add_argument("--out", type=Path, help="keep the bits in this .npz file")
    task.add_argument("--compare", type=Path, help="compare with the bits of this file")
    arguments = parser.parse_args()
    found = measure()
    if arguments.out:
        np.savez_compressed(arguments.out, **found)
        print(f"{len(found) // 2} fits kept in {arguments.out}")
        return
    with np.load(arguments.compare) as kept:
        changed = [
            name
            for name in sorted({*found, *kept})
            if name not in found or name not in kept or not np.array_equal(found[name], kept[name])
        ]
    for name in changed:
        print(f"differs: {name}")
    print(f"{len(found) // 2} fits, {len(changed)} of {len(found)} arrays differ")
    sys.exit(bool(changed))


if __name__ == "__main__":
    main()
