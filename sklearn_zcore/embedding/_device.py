"""Where the model runs and in which precision, and how much fits in memory.

torch comes in as an argument: what happens on hardware that is not here can then be tested.
"""

import math
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sklearn_zcore.embedding._fork import Lock, check_device, keep_to_what_works

CPU_BATCH_SIZE = 32  # of images or texts; larger ones were not faster, and take more memory
MAX_BATCH_SIZE = 1024
_PROBED = 8  # items in the batch that measures what one takes
_SHARE_OF_MEMORY = 0.8  # the rest is for what fragmentation wastes

# Without one of these there is no GPU that torch could use on Linux: NVIDIA, AMD, WSL.
_LINUX_DEVICES = ("/dev/nvidiactl", "/dev/nvidia0", "/dev/kfd", "/dev/dxg")


def surely_cpu(device: str) -> bool:
    """Return whether a ``device`` parameter means the CPU; torch is not imported for it.

    Importing torch takes seconds, which a run that finds everything in its cache can do without.

    Parameters
    ----------
    device : str

    Returns
    -------
    bool
        False does not mean that there is a GPU.
    """
    if device != "auto":
        return device == "cpu"
    return sys.platform == "linux" and not any(map(os.path.exists, _LINUX_DEVICES))


def resolve_device(torch: Any, device: str) -> Any:
    """Return the torch device that the parameter ``device`` stands for.

    Parameters
    ----------
    torch : module
    device : str
        ``"auto"`` (CUDA, then Apple's MPS, then the CPU) or a name that torch knows.

    Returns
    -------
    torch.device

    Raises
    ------
    ValueError
        If torch does not know the name, or this machine does not have the device.
    RuntimeError
        If it cannot be used after a fork.
    """
    resolved = _named_device(torch, device)
    check_device(torch, resolved)
    return resolved


def _named_device(torch: Any, device: str) -> Any:
    if device == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        resolved = torch.device(device)
    except RuntimeError as error:
        raise ValueError(
            f"device={device!r} is not known to torch ({str(error).splitlines()[0]}). Use 'auto', "
            f"'cpu', 'cuda', 'cuda:1' or 'mps'."
        ) from None
    if resolved.type == "cuda":
        _check_cuda(torch, device, resolved)
    if resolved.type == "mps" and not torch.backends.mps.is_available():
        raise ValueError(f"device={device!r}: this machine has no MPS device. Use device='auto'.")
    return resolved


def _check_cuda(torch: Any, device: str, resolved: Any) -> None:
    if not torch.cuda.is_available():
        built = torch.version.cuda or getattr(torch.version, "hip", None)
        reason = (
            "torch finds no GPU or no driver for it"
            if built
            else f"torch {torch.__version__} was built without CUDA"
        )
        raise ValueError(
            f"device={device!r} was asked for, and {reason}. Use device='auto' or 'cpu', or "
            f"install a torch with CUDA and a driver."
        )
    count = torch.cuda.device_count()
    if resolved.index is not None and resolved.index >= count:
        raise ValueError(
            f"device={device!r} was asked for, and this machine has {count} CUDA device(s), "
            f"numbered from 0."
        )


def resolve_dtype(torch: Any, dtype: str, device: Any) -> str:
    """Return the name of the dtype that the parameter ``dtype`` stands for.

    Parameters
    ----------
    torch : module or None
        Only asked about a CUDA device.
    dtype : {"auto", "float32", "float16", "bfloat16"}
        ``"auto"`` is bfloat16 on CUDA devices that compute in it, float16 on older ones, and
        float32 elsewhere.
    device : torch.device or None
        None is the CPU.

    Returns
    -------
    str
    """
    if dtype != "auto":
        return dtype
    if device is None or device.type != "cuda":
        return "float32"
    return "bfloat16" if torch.cuda.is_bf16_supported() else "float16"


def name_dtype(dtype: str, device: str) -> str:
    """Return the dtype that the parameters of these names stand for.

    torch is imported only where that is to be asked of a GPU.
    """
    if dtype != "auto" or surely_cpu(device):
        return resolve_dtype(None, dtype, None)
    import torch

    return resolve_dtype(torch, dtype, resolve_device(torch, device))


def is_out_of_memory(torch: Any, error: BaseException) -> bool:
    """Return whether an error of torch says that memory was short, on whatever device."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or (
        isinstance(error, RuntimeError)
        and ("out of memory" in str(error) or "DefaultCPUAllocator" in str(error))
    )


def find_batch_size(torch: Any, device: Any, run: Callable[[int], Any]) -> int:
    """Return how many items to embed at once.

    Parameters
    ----------
    torch : module
    device : torch.device
    run : callable
        Embeds that many copies of one item.

    Returns
    -------
    int
        A power of two. On the CPU the same for every machine, so that results are, too; on
        CUDA what fills 80 % of the memory that is free, as measured on a small batch.
    """
    if device.type != "cuda":
        return CPU_BATCH_SIZE
    run(1)  # what is allocated once, such as workspaces, must not count
    torch.cuda.synchronize(device)
    torch.cuda.empty_cache()
    before = torch.cuda.memory_allocated(device)
    torch.cuda.reset_peak_memory_stats(device)
    try:
        run(_PROBED)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(torch, error):
            raise
        return _PROBED // 2  # and what does not fit then is halved again
    torch.cuda.synchronize(device)
    per_item = max(1.0, (torch.cuda.max_memory_allocated(device) - before) / _PROBED)
    torch.cuda.empty_cache()
    free, _ = torch.cuda.mem_get_info(device)
    fitting = max(1.0, _SHARE_OF_MEMORY * free / per_item)
    return int(min(MAX_BATCH_SIZE, 2 ** math.floor(math.log2(fitting))))


def run_within_memory(
    torch: Any, run: Callable[[int, int], NDArray[np.float32]], n_items: int
) -> NDArray[np.float32]:
    """Run a batch; where memory is too short, in halves, their halves and so on.

    Parameters
    ----------
    torch : module
    run : callable
        Embeds the items from ``start`` to ``stop``.
    n_items : int

    Returns
    -------
    ndarray of shape (n_items, n_features)

    Raises
    ------
    MemoryError
        If not even a single item fits.
    """
    parts, start, size = [], 0, n_items
    while start < n_items:
        try:
            parts.append(run(start, min(start + size, n_items)))
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(torch, error):
                raise
            if size == 1:
                raise MemoryError(
                    f"A single item does not fit in memory: {str(error).splitlines()[0]} Use a "
                    f"smaller model, a smaller dtype or another device."
                ) from error
            size = (size + 1) // 2
        else:
            start += size
            continue
        # Outside the except clause, whose error holds on to the tensors of the failed batch.
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
    return np.concatenate(parts)


_threads_lock = Lock()


@contextmanager
def given_threads(torch: Any) -> Iterator[None]:
    """Keep torch to the threads that joblib gives this worker, as scikit-learn's own code is."""
    from sklearn.utils._openmp_helpers import _openmp_effective_n_threads

    keep_to_what_works(torch)
    given, used = _openmp_effective_n_threads(), torch.get_num_threads()
    if used <= given:
        yield
        return
    with _threads_lock:
        torch.set_num_threads(given)
    try:
        yield
    finally:
        with _threads_lock:
            torch.set_num_threads(used)
