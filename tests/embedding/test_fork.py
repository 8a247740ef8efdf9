"""In a forked child, torch's threads are gone: what works there is one thread."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from sklearn_zcore.embedding import _device, _fork
from tests.embedding.test_device import fake_torch

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

# The parent's pool of threads is in use before the fork, whatever the number of cores.
SCRIPT = """
import os, sys
import numpy as np, torch

torch.set_num_threads(4)
from sklearn_zcore import FoundationEmbedder

X = {
    "resnet": list(np.random.default_rng(0).integers(0, 256, (64, 64, 64, 3), dtype=np.uint8)),
    "bert": ["the cat sits on the mat " + n * "very " for n in range(64)],
}[sys.argv[1]]
embedder = FoundationEmbedder(sys.argv[2], batch_size=32)
(torch.randn(5_000_000) + 1).sum()
expected = embedder.transform(X)
"""
# With another number of threads, torch may round otherwise: bits need not be the same.
FORK = """
child = os.fork()
if child == 0:
    off = np.abs(embedder.transform(X) - expected).max()
    os.write(1, f"{off < 1e-5 or off} in {torch.get_num_threads()} thread\\n".encode())
    os._exit(0)
os.waitpid(child, 0)
print("parent has", torch.get_num_threads())
"""
JOBLIB = """
from joblib import Parallel, delayed

tasks = [delayed(embedder.transform)(part) for part in (X[:32], X[32:])]
parts = Parallel(n_jobs=2, backend="multiprocessing")(tasks)
print(np.allclose(np.concatenate(parts), expected, atol=1e-5))
"""


@pytest.mark.slow
@pytest.mark.parametrize("family", ["resnet", "bert"])
@pytest.mark.parametrize(
    ("code", "told"), [(FORK, "True in 1 thread\nparent has 4\n"), (JOBLIB, "True\n")]
)
def test_a_child_of_one_that_has_used_torch(family, code, told, saved):
    """It would hang: the time limit is for that."""
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT + code, family, str(saved(family))],
        capture_output=True,
        text=True,
        timeout=200,
        env={**os.environ, "TOKENIZERS_PARALLELISM": "false"},
    )
    assert result.stdout == told, result.stderr


def test_a_lock_is_free_in_a_child():
    lock = _fork.Lock()
    with lock:
        child = os.fork()
        if child == 0:  # pragma: no cover
            with lock:
                os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


@pytest.mark.parametrize("asked", ["auto", "cuda"])
def test_cuda_after_a_fork(asked):
    torch = fake_torch(cuda=1)
    assert _device.resolve_device(torch, asked).type == "cuda"
    torch.cuda = SimpleNamespace(**vars(torch.cuda), _is_in_bad_fork=lambda: True)
    with pytest.raises(RuntimeError, match="forked from one that has used CUDA.*device='cpu'"):
        _device.resolve_device(torch, asked)
    assert _device.resolve_device(torch, "cpu").type == "cpu"
