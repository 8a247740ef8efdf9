"""What tells one way of pooling from another, over processes and edits of its code.

Of a function, the key of the cache holds what it does: its compiled code (which is what runs, also
where the file has been edited since), its defaults, the values of the globals that it uses, and the
same of the functions that it calls. Functions of torch, NumPy and Python's own modules are taken by
name. Anything else may change without being seen, and is refused, unless the callable has an
attribute ``cache_key``, by which the user answers for it.
"""

import builtins
import dis
import hashlib
import sys
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

_TRUSTED = frozenset({"torch", "numpy", "scipy", "transformers"}) | sys.stdlib_module_names
_CONSTANTS = (type(None), bool, int, float, complex, str, bytes, type(Ellipsis), np.generic)


class _NotTold(Exception):
    """Something whose content the key cannot hold; the message names it."""


def describe_pooling(pooling: Any) -> str:
    """Return what stands for a way of pooling in the key of the cache.

    Parameters
    ----------
    pooling : str or callable

    Returns
    -------
    str

    Raises
    ------
    ValueError
        If it is a callable that does not tell all that it does, and has no ``cache_key``.
    """
    if isinstance(pooling, str):
        return pooling
    name = f"{getattr(pooling, '__module__', '')}.{_name_of(pooling)}".replace(" ", "")
    key = getattr(pooling, "cache_key", None)
    if key is not None:
        if not isinstance(key, str) or not key:
            raise ValueError(f"The cache_key of the callable pooling {name} has to be a string.")
        return f"{name} cache_key={key}"
    code = getattr(pooling, "__code__", None)
    if (
        not isinstance(pooling, FunctionType)
        or code is None
        or "<lambda>" in pooling.__qualname__
        or pooling.__closure__
        or hasattr(pooling, "__wrapped__")
    ):
        raise ValueError(
            f"With a cache_dir, the callable pooling has to be a plain function, whose source "
            f"tells what it does, and not {pooling!r}: embeddings of another one could not be told "
            f"apart. {_REMEDY}"
        )
    try:
        told = _of_function(pooling, set())
    except _NotTold as error:
        raise ValueError(
            f"With a cache_dir, all that the callable pooling {name} does becomes part of the key, "
            f"and it uses {error}, which cannot. {_REMEDY}"
        ) from None
    return f"{name} {hashlib.blake2b(told.encode(), digest_size=16).hexdigest()}"


_REMEDY = (
    "Or give it an attribute cache_key, a string that you change when what it does changes: "
    "pooling.cache_key = 'v1'."
)


def _name_of(value: Any) -> str:
    return str(getattr(value, "__qualname__", type(value).__qualname__))


def _of_function(function: FunctionType, seen: set[int]) -> str:
    if id(function) in seen:
        return f"again {_name_of(function)}"
    seen.add(id(function))
    if function.__closure__:
        raise _NotTold(f"{_name_of(function)!r}, which keeps values of the function around it")
    parts = [_of_code(function.__code__)]
    defaults = {"defaults": function.__defaults__, **(function.__kwdefaults__ or {})}
    for name, value in (*defaults.items(), *sorted(vars(function).items())):
        parts.append(f"{name}={_of_value(name, value, seen)}")
    for name in sorted(_globals_of(function.__code__)):
        if name in function.__globals__:
            parts.append(f"{name}={_of_value(name, function.__globals__[name], seen)}")
        else:
            parts.append(f"{name} builtin={hasattr(builtins, name)}")
    return "\n".join(parts)


def _of_code(code: CodeType) -> str:
    constants = [
        _of_code(value) if isinstance(value, CodeType) else _of_value("a constant", value, set())
        for value in code.co_consts
    ]
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    counts = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags)
    return repr((code.co_code, code.co_exceptiontable, constants, names, counts))


def _globals_of(code: CodeType) -> set[str]:
    """Return the global names that code loads, also in what is defined in it."""
    found = set()
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            found.add(str(step.argval))
        if step.opname == "IMPORT_NAME" and str(step.argval).partition(".")[0] not in _TRUSTED:
            raise _NotTold(f"the module {step.argval!r}")
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= _globals_of(constant)
    return found


def _of_value(name: str, value: Any, seen: set[int]) -> str:
    if isinstance(value, _CONSTANTS):
        return f"{type(value).__name__} {value!r}"
    if isinstance(value, tuple | list):
        return f"{type(value).__name__} {[_of_value(name, part, seen) for part in value]}"
    if isinstance(value, set | frozenset):
        return f"{type(value).__name__} {sorted(_of_value(name, part, seen) for part in value)}"
    if isinstance(value, dict):
        parts = [(_of_value(name, k, seen), _of_value(name, v, seen)) for k, v in value.items()]
        return f"{type(value).__name__} {parts}"
    if isinstance(value, ModuleType):
        if value.__name__.partition(".")[0] in _TRUSTED:
            return f"module {value.__name__}"
        raise _NotTold(f"the module {value.__name__!r}")
    if type(value).__module__ == "torch" and type(value).__name__ in ("dtype", "device"):
        return repr(value)
    home = str(getattr(value, "__module__", None) or "").partition(".")[0]
    if home in _TRUSTED and hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    if isinstance(value, FunctionType) and not hasattr(value, "__wrapped__"):
        return _of_function(value, seen)
    raise _NotTold(f"{name!r}, a {type(value).__name__}")
