"""What the tests of tables share."""

import numpy as np
import pytest

pd = pytest.importorskip("pandas", reason="tables need the extra 'table'")
pytest.importorskip("skrub", reason="tables need the extra 'table'")

WORDS = ["red", "blue", "house", "car", "tree", "lake", "garden", "street"]


def messy_frame(n=120, seed=0):
    """Return a frame with what people have in their tables."""
    rng = np.random.default_rng(seed)
    i = np.arange(n)
    income = [f"${x:,.2f}" for x in rng.normal(2500, 900, n)]
    income[3] = None
    return pd.DataFrame(
        {
            "customer_id": [f"C-{1000 + k}" for k in i],
            "age": np.where(i % 10 == 3, np.nan, 20 + i % 40),
            "income": income,
            "rate": [f"{x:.1f}%" for x in 100 * rng.random(n)],
            "weight": [f"{x:.2f}".replace(".", ",") for x in rng.random(n) * 90],
            "zip": rng.integers(10_000, 99_999, n),
            "city": np.where(i % 20 == 7, None, np.array(["Bonn", "Köln", "Ulm"])[i % 3]),
            "member": i % 2 == 0,
            "since": pd.Timestamp("2024-01-01") + pd.to_timedelta(i * 7, unit="h"),
            "seen": [f"{1 + k % 28:02d}.{1 + k % 12:02d}.2024" for k in i],
            "about": [" ".join(rng.choice(WORDS, 5)) for _ in i],
        }
    )


@pytest.fixture
def messy():
    """Return 120 rows of such a frame."""
    return messy_frame()
