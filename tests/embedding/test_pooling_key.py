"""A pooling function is told from another by all that it does."""

import functools
import math
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.nn import functional

from sklearn_zcore.embedding._pooling_key import describe_pooling
from tests.embedding import tiny

FACTOR = 2.0
NAMES = {"a": [1, 2], "b": (3.5, None)}
LAYER = torch.nn.Linear(2, 2)


def make(code, **others):
    """Define a function as a module that holds just this would."""
    names = {"torch": torch, "np": np, "math": math, "__name__": "mine", **others}
    exec(code, names)
    return names["pooling"]


def helper(scale):
    return make(f"def pooling(x):\n    return x * {scale}")


SAME = "def pooling(hidden, mask):\n    return {}\n"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"code": SAME.format("hidden[:, 0]")}, {"code": SAME.format("hidden[:, 1]")}),
        ({"code": SAME.format("hidden.mean(1)")}, {"code": SAME.format("hidden.amax(1)")}),
        ({"code": SAME.format("hidden[:, 0] * f"), "f": 2.0}, {"f": 3.0}),
        ({"code": SAME.format("hidden[:, 0] * f['a'][0]"), "f": {"a": [1]}}, {"f": {"a": [2]}}),
        ({"code": SAME.format("hidden[:, 0] * f"), "f": np.float32(2)}, {"f": np.float64(2)}),
        ({"code": SAME.format("hidden[:, 0].to(f)"), "f": torch.half}, {"f": torch.bfloat16}),
        ({"code": SAME.format("f(hidden[:, 0])"), "f": helper(2)}, {"f": helper(3)}),
        ({"code": SAME.format("f(hidden[:, 0])"), "f": torch.sin}, {"f": torch.cos}),
        (
            {"code": SAME.format("f(hidden[:, 0])"), "f": functional.normalize},
            {"f": functional.relu},
        ),
        ({"code": SAME.format("torch.stack([h * f for h in hidden])"), "f": 1}, {"f": 2}),
        (
            {"code": "def pooling(hidden, mask, p=2):\n    return hidden[:, p]"},
            {"code": "def pooling(hidden, mask, p=3):\n    return hidden[:, p]"},
        ),
        (
            {"code": "def pooling(hidden, mask, *, p=2):\n    return hidden[:, p]"},
            {"code": "def pooling(hidden, mask, *, p=3):\n    return hidden[:, p]"},
        ),
    ],
)
def test_functions_that_do_something_else(one, other):
    first, again = describe_pooling(make(**one)), describe_pooling(make(**one))
    assert first == again
    assert describe_pooling(make(**{**one, **other})) != first
    assert first.split()[0] == "mine.pooling"


def test_helper_of_a_helper():
    def nested(scale):
        inner = helper(scale)
        outer = make("def pooling(x):\n    return inner(x) + 1", inner=inner)
        return make(SAME.format("outer(hidden)"), outer=outer)

    assert describe_pooling(nested(2)) == describe_pooling(nested(2))
    assert describe_pooling(nested(2)) != describe_pooling(nested(3))


def recursive(hidden, mask):
    """Call itself, and use this module's globals."""
    if hidden.ndim > 2:
        return recursive(hidden[:, 0], mask) * FACTOR * math.pi
    return functional.normalize(hidden) * NAMES["a"][0]


def test_function_of_a_module():
    assert describe_pooling(recursive) == describe_pooling(recursive)
    assert describe_pooling(recursive).startswith("tests.embedding.test_pooling_key.recursive ")


@pytest.mark.slow
def test_sets_have_no_order():
    code = SAME.format("hidden[:, 0] if hidden.dtype in {'a', 'b', 'c'} else hidden[:, 1]")
    script = (
        f"from tests.embedding.test_pooling_key import *\nprint(describe_pooling(make({code!r})))"
    )

    told = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1


def decorated(function):
    @functools.wraps(function)
    def wrapper(*args):
        return 2 * function(*args)

    return wrapper


@decorated
def doubled(hidden, mask):
    return hidden[:, 0]


def uses_a_layer(hidden, mask):
    return LAYER(hidden[:, 0])


def uses_a_module(hidden, mask):
    return tiny.TEXT["hidden_size"] * hidden[:, 0]


def imports_a_module(hidden, mask):
    from tests.embedding import tiny

    return tiny.TEXT["hidden_size"] * hidden[:, 0]


def uses_a_closure(hidden, mask):
    return doubled(hidden, mask)


class Pooling:
    def __call__(self, hidden, mask):
        return hidden[:, 0]


@pytest.mark.parametrize(
    ("pooling", "message"),
    [
        (uses_a_layer, "uses_a_layer does .* and it uses 'LAYER', a Linear, which cannot. Or give"),
        (uses_a_module, "it uses the module 'tests.embedding.tiny'"),
        (imports_a_module, "it uses the module 'tests.embedding'"),
        (uses_a_closure, "it uses 'doubled', a function"),
        (doubled, "has to be a plain function"),
        (Pooling(), "has to be a plain function"),
        (functools.partial(recursive, mask=None), "has to be a plain function"),
        (lambda hidden, mask: hidden, "has to be a plain function"),
    ],
)
def test_what_cannot_be_told_is_refused_or_has_a_key(pooling, message):
    with pytest.raises(ValueError, match=message):
        describe_pooling(pooling)
    try:
        pooling.cache_key = "v1"
        first = describe_pooling(pooling)
        pooling.cache_key = "v2"
        assert first != describe_pooling(pooling) and first.endswith(" cache_key=v1")
        pooling.cache_key = 3
        with pytest.raises(ValueError, match="The cache_key of the callable .* be a string"):
            describe_pooling(pooling)
    finally:
        del pooling.cache_key


def test_a_changed_global_is_not_served_from_the_cache(embedder, pictures, tmp_path, counted):
    code = SAME.format("hidden[:, 0] * factor")
    results = []
    for factor in (1.0, 2.0, 1.0):
        pooling = make(code, factor=factor)
        cached = embedder("vit", pooling=pooling, cache_dir=tmp_path)
        results.append(cached.transform(pictures))
    np.testing.assert_allclose(results[1], 2 * results[0], rtol=1e-5)
    np.testing.assert_array_equal(results[2], results[0])
    assert counted.items == 24
