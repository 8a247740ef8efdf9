"""benchmarks/peers.py runs, with whatever peers are installed."""

import subprocess
import sys
from pathlib import Path

import pytest

from sklearn_zcore.selection import SELECTORS

BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "peers.py"


@pytest.mark.slow
def test_every_selector_has_a_line():
    done = subprocess.run(
        [sys.executable, BENCHMARK, "--quick"], capture_output=True, text=True, check=True
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    names = [line.split(" | ")[0] for line in lines]
    for entry in SELECTORS.values():
        assert f"| {entry.label} (sklearn-zcore)" in names
    for line in lines[2:]:
        cells = line.strip("| ").split(" | ")[1:]
        assert len(cells) == 4
        for cell in cells:
            objective, seconds = cell.removesuffix(" s").split(", ")
            assert float(objective) > 0 and float(seconds) >= 0
    for package in ("apricot-select", "kmedoids", "skmatter", "scikit-activeml"):
        assert f"{package} is not installed" in done.stdout or f"({package})" in done.stdout
