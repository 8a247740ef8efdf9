"""Time and memory of facility location against the number of rows.

    python benchmarks/facility.py            # 10,000 to 1,000,000 rows, a few minutes
    python benchmarks/facility.py --quick    # up to 100,000 rows

Every fit runs in a process of its own, with two workers, on normal float32 data. Peak memory is
what the process takes beyond X and what it had before the fit (Linux only).
"""

import argparse
import platform
import subprocess
import sys

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


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="up to 100,000 rows")
    parser.add_argument("--smoke", action="store_true", help="only see that it runs")
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
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
