"""How much memory and disk are free, before work starts that needs them."""

import os
import shutil
from pathlib import Path

_UNLIMITED = 2**60


def free_memory() -> int | None:
    """Return how many bytes this process can still get.

    The least of what the machine has left, what the container may still use (what it has cached
    of files counts as free), and what limits of the process (``ulimit -d``, ``-v``) leave.

    Returns
    -------
    int or None
        None where the system does not tell.
    """
    found = [_of_machine(), _of_container(), *_of_limits()]
    known = [size for size in found if size is not None]
    return max(0, min(known)) if known else None


def refuse_beyond_memory(needed: int, what: str, advice: str) -> None:
    """Raise MemoryError if something needs more bytes than are free.

    Parameters
    ----------
    needed : int
    what : str
        What takes them, for the message.
    advice : str
        What to do, for the message.
    """
    free = free_memory()
    if free is not None and needed > free:
        raise MemoryError(f"{what} takes some {needed:,} bytes, and {free:,} are free. {advice}")


def free_disk(path: str | os.PathLike[str]) -> int:
    """Return how many bytes are free on the disk that a path, there or not yet, is on."""
    folder = Path(os.path.abspath(path))
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def _fields(path: str) -> dict[str, int]:
    """Return the numbers of a file of the system's, one a line; none if there is no such file."""
    try:
        lines = Path(path).read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    words = (line.replace(":", " ").split() for line in lines)
    return {word[0]: int(word[1]) for word in words if len(word) > 1 and word[1].isdigit()}


def _of_machine() -> int | None:
    available = _fields("/proc/meminfo").get("MemAvailable")
    if available is not None:
        return 1024 * available
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _of_container(root: str = "/sys/fs/cgroup") -> int | None:
    try:
        limit = int(Path(root, "memory.max").read_text())
        used = int(Path(root, "memory.current").read_text())
    except (OSError, ValueError):  # no limit is the word max
        return None
    return limit - used + _fields(f"{root}/memory.stat").get("inactive_file", 0)


def _of_limits() -> list[int]:
    try:
        import resource
    except ImportError:  # Windows
        return []
    status = _fields("/proc/self/status")
    limits = ((resource.RLIMIT_DATA, "VmData"), (resource.RLIMIT_AS, "VmSize"))
    return [
        limit - 1024 * status.get(name, 0)
        for limit, name in ((resource.getrlimit(kind)[0], name) for kind, name in limits)
        if 0 <= limit < _UNLIMITED
    ]
