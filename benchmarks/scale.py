"""ZCore on rows that do not fit in memory: time, memory, reads; on a cluster; after kills.

    python benchmarks/scale.py                              # 5,000,000 x 256 half floats
    python benchmarks/scale.py --rows 20000000 --features 64 --only store
    python benchmarks/scale.py --rows 500000 --features 64 --kills 5
    python benchmarks/scale.py --smoke                      # only see that it runs

Every line of the table is a process of its own, on the same rows, and ends with the same bits: in
memory; from a store, under a limit of the system on the memory of the process (``ulimit -d``); and
on a Dask cluster of two processes on this machine, with the limit that ``--worker-memory`` names.
CPU is that of all processes. ``--kills`` has a worker of the cluster killed (SIGKILL) while blocks
are written, features are described and draws are made, as often as it says each, and then the
process itself, which goes on from its checkpoint; a table says whether the bits are the same.
Linux only. The files take twice the bytes of the rows, in ``--folder``, and are removed.
"""

import argparse
import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402

BLOCK = 100_000  # rows of a block of the dask array
LIMIT = 850  # MB of data of a process that reads a store
STAGES = ("writing", "describing", "scoring", "client")


def make_rows(path, n, d):
    X = np.lib.format.open_memmap(path, "w+", np.float16, (n, d))
    rng = np.random.default_rng(0)
    for first in range(0, n, BLOCK):
        size = min(BLOCK, n - first)
        X[first : first + size] = rng.standard_normal((size, d), dtype=np.float32)


def read_rows(path, first, end):
    return np.array(np.load(path, mmap_mode="r")[first:end])


def dask_rows(path):
    """Return a dask array whose blocks workers read: `da.from_array` would copy the memory map."""
    import dask
    import dask.array as da

    n, d = np.load(path, mmap_mode="r").shape
    read = dask.delayed(read_rows)
    firsts = range(0, n, BLOCK)
    parts = [
        da.from_delayed(read(path, a, min(n, a + BLOCK)), (min(n, a + BLOCK) - a, d), np.float16)
        for a in firsts
    ]
    return da.concatenate(parts)


def usage():
    """Return CPU seconds, peak MB and MB read of this process."""
    with open("/proc/self/status") as status:
        peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    with open("/proc/self/io") as io:
        read = int(io.readline().split()[1])
    return {"cpu": time.process_time(), "peak": peak * 1024 / 1e6, "read": read / 1e6}


def selector(arguments, **parameters):
    from sklearn_zcore import ZCoreSelector

    return ZCoreSelector(n_iter=arguments.draws, tol=0, random_state=0, **parameters)


def digest(fitted):
    return hashlib.sha256(fitted.scores_.tobytes()).hexdigest()[:12]


def in_memory(arguments):
    X = np.load(arguments.path)
    return selector(arguments, n_jobs=2).fit(X), {}


def from_store(arguments):
    from sklearn_zcore import ColumnStore

    resource.setrlimit(resource.RLIMIT_DATA, (LIMIT * 10**6,) * 2)
    X = np.load(arguments.path, mmap_mode="r")
    store = ColumnStore.from_array(X, arguments.store, n_jobs=1)
    return selector(arguments, n_jobs=1).fit(store), {}


def watch(arguments, pids, began):
    """Kill a worker, or this process, in the middle of the stage that is asked for."""
    marks = Path(arguments.store, "marks")
    rng = np.random.default_rng(arguments.seed)
    n_blocks = -(-np.load(arguments.path, mmap_mode="r").shape[0] // BLOCK)

    def n_written():
        return len(list(marks.glob("*/c/0"))) if marks.exists() else 0

    while {
        "writing": n_written() < min(2, n_blocks - 1),
        "describing": n_written() < n_blocks,
    }.get(arguments.kill, "scoring" not in began):
        time.sleep(0.002)
    if arguments.kill == "client":
        while not Path(arguments.checkpoint).exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(rng.uniform(0, 0.5 if arguments.kill == "scoring" else 0.1))
    os.kill(int(rng.choice(pids)), signal.SIGKILL)
    began["killed"] = True


def on_dask(arguments):
    import dask
    import joblib
    from distributed import Client, LocalCluster

    from sklearn_zcore import ColumnStore
    from sklearn_zcore.scoring import _checkpoint, _stored

    shipped, unpacked = [0], _stored._unpacked

    def counted(packed):
        if packed is not None:
            shipped[0] += sum(part.nbytes for part in packed[1:] if part is not None)
        return unpacked(packed)

    _stored._unpacked = counted
    dask.config.set({"distributed.worker.memory.terminate": 0.98})
    began = {}
    with (
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            memory_limit=arguments.worker_memory,
            dashboard_address=None,
        ) as cluster,
        Client(cluster) as client,
    ):
        pids = list(client.run(os.getpid).values())
        parameters = {}
        if arguments.kill:
            threading.Thread(target=watch, args=(arguments, pids, began), daemon=True).start()
        if arguments.checkpoint:
            _checkpoint._SECONDS_APART = 0
            parameters["checkpoint"] = arguments.checkpoint
        if Path(arguments.store).exists() and arguments.kill is None and arguments.checkpoint:
            store = ColumnStore.open(arguments.store)
        else:
            store = ColumnStore.from_array(dask_rows(arguments.path), arguments.store)
        began["scoring"] = True
        with joblib.parallel_config("dask"):
            fitted = selector(arguments, **parameters).fit(store)
        workers = list(client.run(usage).values())
    return fitted, {
        "workers_cpu": sum(worker["cpu"] for worker in workers),
        "workers_peak": max(worker["peak"] for worker in workers),
        "shipped": shipped[0] / 1e6,
        "killed": "killed" in began,
    }


STEPS = {"memory": in_memory, "store": from_store, "dask": on_dask}


def run_step(arguments):
    """Do one line's work in this process, and print its figures as JSON."""
    warnings.simplefilter("ignore")
    begin = time.perf_counter()
    fitted, more = STEPS[arguments.step](arguments)
    found = {"wall": time.perf_counter() - begin, **usage(), "bits": digest(fitted), **more}
    print(json.dumps(found))


def in_fresh_process(arguments, step, *options, may_die=False):
    """Run a step, and return its figures; None if the process was killed."""
    command = [sys.executable, __file__, "--step", step, *options]
    for name in ("path", "store", "draws", "worker_memory", "seed"):
        command += [f"--{name.replace('_', '-')}", str(getattr(arguments, name))]
    done = subprocess.run(command, capture_output=True, text=True)
    if may_die and done.returncode == -signal.SIGKILL:
        return None
    if done.returncode:
        sys.exit(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def table(arguments, n, d):
    header = ["", "CPU s", "wall s", "peak of a process", "read", "sent by workers", "bits"]
    print("| " + " | ".join(header) + " |")
    print("|" + " --- |" * len(header), flush=True)
    for step in arguments.only or STEPS:
        found = in_fresh_process(arguments, step)
        shutil.rmtree(arguments.store, ignore_errors=True)
        peak = f"{found['peak']:,.0f} MB"
        cpu = found["cpu"] + found.get("workers_cpu", 0)
        if step == "dask":
            peak = f"workers {found['workers_peak']:,.0f}, client {peak}"
        name = {
            "memory": "in memory, 2 threads",
            "store": f"store, 1 thread, data limit {LIMIT} MB",
            "dask": f"Dask, 2 processes of {arguments.worker_memory}",
        }[step]
        read = f"{found['read']:,.0f} MB" if step == "store" else "-"
        sent = f"{found['shipped']:,.0f} MB" if step == "dask" else "-"
        cells = [name, f"{cpu:.0f}", f"{found['wall']:.0f}", peak, read, sent, found["bits"]]
        print("| " + " | ".join(cells) + " |", flush=True)


def kills(arguments):
    print("| killed while | times | same bits |\n| --- | --- | --- |", flush=True)
    expected = in_fresh_process(arguments, "memory")["bits"]
    checkpoint = f"{arguments.store}.checkpoint"
    for stage in arguments.stages:
        same = times = 0
        for seed in range(arguments.kills):
            arguments.seed = seed
            options = ["--kill", stage]
            if stage == "client":
                options += ["--checkpoint", checkpoint]
            found = in_fresh_process(arguments, "dask", *options, may_die=stage == "client")
            if found is None:
                times += 1
                found = in_fresh_process(arguments, "dask", "--checkpoint", checkpoint)
            else:
                times += found["killed"]
            same += found["bits"] == expected
            left = Path(checkpoint).exists() or Path(f"{arguments.store}.lock").exists()
            if left:
                sys.exit("Something was left behind.")
            shutil.rmtree(arguments.store, ignore_errors=True)
        print(f"| {stage} | {times} | {same} of {arguments.kills} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--features", type=int, default=256)
    parser.add_argument("--draws", type=int, default=1_000_000)
    parser.add_argument("--folder", help="where to write; a temporary one by default")
    parser.add_argument("--only", nargs="+", choices=STEPS, help="some lines of the table")
    parser.add_argument("--worker-memory", default="1200MB")
    parser.add_argument("--kills", type=int, help="kill so often in every stage")
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=STAGES)
    parser.add_argument("--smoke", action="store_true", help="only see that it runs")
    for hidden in ("step", "path", "store", "kill", "checkpoint"):
        parser.add_argument(f"--{hidden}", help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step:
        run_step(arguments)
        return
    n, d = arguments.rows, arguments.features
    if arguments.smoke:
        n, d, arguments.draws = 20_000, 16, 20_000
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        arguments.path, arguments.store = f"{folder}/X.npy", f"{folder}/X.zcols"
        make_rows(arguments.path, n, d)
        print(f"{n:,} x {d} half floats, {2 * n * d / 1e6:,.0f} MB, {arguments.draws:,} draws\n")
        if arguments.kills:
            kills(arguments)
        else:
            table(arguments, n, d)


if __name__ == "__main__":
    main()
