"""Does the command's default beat random rows where nobody has looked? Tables and pictures.

    python benchmarks/held_out.py DIRECTORY --model clip --out RESULTS
    python benchmarks/held_out.py --smoke        # on data of scikit-learn, less than a minute

DIRECTORY holds tables (any that ``zcore`` reads, with the labels in the column ``target``) and
folders of pictures (classes are sub-folders), which ``--model`` embeds. Each is given to ``zcore
compare``, as a user would call it: the selector that ``zcore select`` takes by default, and random
draws, at 2, 5 and 10 % of the training rows of five folds; macro-F1, mean of three classifiers.
Choose data that no setting of the selectors was tuned on: none of those of benchmarks/quality.py.

RESULTS gets the output of every call, so that a run that was stopped goes on, and ``summary.md``.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np  # noqa: E402

from sklearn_zcore.tables import file_format  # noqa: E402

BUDGETS = ("2%", "5%", "10%")
COMMAND = (sys.executable, "-m", "sklearn_zcore")


def default_method():
    """Return the method that ``zcore select`` takes where none is named."""
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder, "X.npy"), np.eye(9))
        call = [*COMMAND, "select", "X.npy", "-b", "2", "-o", "rows.npy", "--json", "--quiet"]
        done = subprocess.run(call, cwd=folder, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)["method"]


DEFAULT = default_method()


def compared(source, result, seed, arguments):
    """Return what ``zcore compare`` finds on one set by one seed, unless it is known already."""
    if not result.exists():
        how = ["--model", arguments.model] if source.is_dir() else ["--target", "target"]
        call = [
            *(*COMMAND, "compare", str(source), *how),
            *("--methods", f"{DEFAULT},random", "--budgets", ",".join(BUDGETS)),
            *("--folds", str(arguments.folds), "--seed", str(seed)),
            *("--jobs", str(arguments.jobs), "--json", "--quiet"),
        ]
        done = subprocess.run(call, stdout=subprocess.PIPE, text=True)
        if done.returncode:
            raise SystemExit(f"{source}: the command ended with {done.returncode}.")
        part = result.with_suffix(".part")
        part.write_text(done.stdout)
        part.replace(result)
    return json.loads(result.read_text())


def find_sources(folder, has_model):
    """Return the tables of a folder, and its folders of pictures."""
    found = sorted(p for p in folder.iterdir() if p.is_dir() or file_format(p) is not None)
    if not found:
        raise SystemExit(f"{folder}: neither tables nor folders in it.")
    if not has_model and any(path.is_dir() for path in found):
        raise SystemExit(f"{folder} has folders of pictures: name the --model that embeds them.")
    return found


def mean_of(found, method, budget):
    """Return the mean over seeds of a method's score, None if one has none."""
    means = [result["macro_f1"][method][budget]["mean"] for result in found]
    return None if None in means else sum(means) / len(means)


def summary(results):
    """Return a table in Markdown, and the share of cases in which the default is ahead."""
    head = " | ".join(f"{budget}: {who}" for budget in BUDGETS for who in ("default", "random"))
    lines = [f"| set | rows | {head} |", "| --- | --- |" + " --- |" * 2 * len(BUDGETS)]
    leads = []
    for name, found in results.items():
        cells = []
        for budget in BUDGETS:
            ours, random = (mean_of(found, method, budget) for method in (DEFAULT, "random"))
            if ours is None or random is None:
                cells += ["-", "-"]
                continue
            leads.append(ours - random)
            cells += [f"{ours:.1f}", f"{random:.1f}"]
        lines.append(f"| {name} | {found[0]['n_rows']:,} | {' | '.join(cells)} |")
    ahead, n = sum(lead > 0 for lead in leads), len(leads)
    told = f"{DEFAULT} is above the mean of random draws in {ahead} of {n} cases"
    mean, low = sum(leads) / n, sorted(leads)[n // 20]
    lines += ["", f"{told} ({100 * ahead / n:.0f} %), by {mean:.1f} points in the mean;"]
    lines += [f"in one case of twenty it is {-low:.1f} points or more below."]
    return "\n".join(lines) + "\n"


def bundled(folder):
    """Write two small tables that scikit-learn brings along."""
    from sklearn.datasets import load_digits, load_wine

    for name, load in (("digits", load_digits), ("wine", load_wine)):
        frame = load(as_frame=True).frame
        frame.sample(min(len(frame), 300), random_state=0).to_csv(
            folder / f"{name}.csv", index=False
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", metavar="DIRECTORY")
    parser.add_argument("--model", help="embeds the folders of pictures")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=1, help="repeat on other folds and draws")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, help="keeps what is finished")
    parser.add_argument("--smoke", action="store_true", help="only see that it runs")
    arguments = parser.parse_args()
    if (arguments.folder is None) is not arguments.smoke:
        parser.error("name a DIRECTORY, or --smoke")
    with tempfile.TemporaryDirectory() as scratch:
        if arguments.smoke:
            arguments.folder, arguments.folds = Path(scratch, "data"), 2
            arguments.folder.mkdir()
            bundled(arguments.folder)
        out = arguments.out or Path(scratch, "results")
        out.mkdir(parents=True, exist_ok=True)
        results = {}
        for source in find_sources(arguments.folder, arguments.model is not None):
            name = source.name.partition(".")[0]
            results[name] = []
            for seed in range(arguments.seeds):
                result = out / (f"{name}.json" if not seed else f"{name}-{seed}.json")
                results[name].append(compared(source, result, seed, arguments))
                print(f"{name}: {results[name][-1]['seconds']:.0f} s", file=sys.stderr)
        text = summary(results)
        (out / "summary.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
