"""The table of scores, its summary and the figure."""

import importlib.metadata
import json
import os
import platform

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.figure import Figure

from _images.learners import LEARNERS
from _images.selections import ALL_ROWS, PER_ROW, label

PACKAGES = ("numpy", "scikit-learn", "torch", "transformers", "sklearn-zcore")


def read_units(folder):
    """Return what has been finished, one line for each training."""
    units = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    return pd.DataFrame(units)


def summarize(scores, learner):
    """Return mean, standard error and number of trainings, by selector and budget.

    The standard error is that of the mean over trainings: of other networks, other selections
    where they are random, on the same test pictures.
    """
    of_learner = scores[scores["learner"] == learner]
    accuracy = 100 * of_learner.set_index(["selector", "budget"])["accuracy"]
    return accuracy.groupby(level=[0, 1]).agg(["mean", "sem", "count"])


def as_table(summary, names):
    """Return a Markdown table of mean ± standard error, per cent."""
    budgets = sorted({budget for name, budget in summary.index if name != ALL_ROWS})
    lines = ["| coreset | " + " | ".join(f"{budget:g} %" for budget in budgets) + " |"]
    lines.append("|" + " --- |" * (1 + len(budgets)))
    for name in names:
        cells = [_cell(summary, name, budget) for budget in budgets]
        lines.append(f"| {label(name)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(summary, name, budget):
    if (name, budget) not in summary.index:
        return ""
    mean, error, count = summary.loc[(name, budget)]
    return f"{mean:.1f} ± {error:.1f}" if count > 1 else f"{mean:.1f}"


def versions():
    """Return what the results depend on."""
    found = [f"{name} {importlib.metadata.version(name)}" for name in PACKAGES]
    return f"Python {platform.python_version()}, {', '.join(found)}, {os.cpu_count()} cores"


def write_results(folder, names, described):
    """Write scores.csv, summary.md and accuracy.png, and return the summary."""
    scores = read_units(folder / "units")
    scores = scores[scores["selector"].isin([*names, ALL_ROWS])]
    order = scores["selector"].map({name: at for at, name in enumerate([*names, ALL_ROWS])})
    scores = scores.assign(order=order).sort_values(["learner", "order", "budget", "seed"])
    scores = scores.drop(columns="order")
    part = folder / "scores.csv.part"
    scores.to_csv(part, index=False)
    part.replace(folder / "scores.csv")
    text = [described, versions() + "."]
    for learner, called in LEARNERS.items():
        summary = summarize(scores, learner)
        if not len(summary):
            continue
        counts = summary["count"]
        text.append(
            f"## Accuracy, per cent: {called}\n\nMean ± standard error of "
            f"{counts.min():.0f} to {counts.max():.0f} trainings."
        )
        if (ALL_ROWS, 100.0) in summary.index:
            text[-1] += f" All rows reach {_cell(summary, ALL_ROWS, 100.0)}."
        text.append(as_table(summary, names))
    summary = "\n\n".join(text) + "\n"
    (folder / "summary.md").write_text(summary)
    draw(scores, names).savefig(folder / "accuracy.png", dpi=150)
    return summary


def colours_of(names):
    """Return a colour for each: random rows black, numbers of draws from dark to light."""
    per_row = [name for name in names if name.startswith(PER_ROW)]
    shades = colormaps["viridis"](np.linspace(0, 0.9, len(per_row)))
    others = [name for name in names if name not in per_row and name != "random"]
    colours = {name: f"C{number % 10}" for number, name in enumerate(others)}
    return {**colours, **dict(zip(per_row, shades, strict=True)), "random": "black"}


def draw(scores, names):
    """Draw how far every selector is ahead of random rows, or, without these, its accuracy."""
    learners = [learner for learner in LEARNERS if (scores["learner"] == learner).any()]
    figure = Figure(figsize=(1.5 + 4 * len(learners), 4.5), layout="constrained")
    panels = figure.subplots(1, len(learners), squeeze=False)[0]
    colours = colours_of(names)
    for panel, learner in zip(panels, learners, strict=True):
        summary = summarize(scores, learner)
        known = [name for name in names if name in summary.index.get_level_values(0)]
        yardstick = summary.loc["random"]["mean"] if "random" in known else 0
        for number, name in enumerate(known):
            line = summary.loc[name]
            ahead = (line["mean"] - yardstick).dropna()
            panel.errorbar(
                ahead.index,
                ahead,
                yerr=np.nan_to_num(line["sem"].loc[ahead.index]),
                label=label(name),
                marker="os^vDPX<>*p"[number % 11],
                color=colours[name],
                linestyle="--" if name.startswith("zcore") else "-",
                capsize=2,
            )
        panel.set(title=LEARNERS[learner], xscale="log", xlabel="budget, per cent of the rows")
        budgets = sorted(set(scores["budget"]) - {100.0})
        panel.set_xticks(budgets, [f"{budget:g}" for budget in budgets])
        panel.minorticks_off()
    panels[0].set_ylabel("accuracy, points ahead of random rows")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right center", fontsize=8)
    return figure
