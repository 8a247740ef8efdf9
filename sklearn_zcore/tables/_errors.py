"""What goes wrong with tables, in words that name parameters, or options of a command."""

import importlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sklearn_zcore._extras import how_to_install

# Of the packages that the extra ``table`` has not.
_EXTRAS = {"datasets": "hf", "distributed": "dask", "matplotlib": "plot", "zarr": "scale"}


@dataclass(frozen=True)
class Setting:
    """A parameter, perhaps with a value, where a sentence mentions it.

    Attributes
    ----------
    parameter : str
        Its name in Python.
    value : object or None
        What it should be; None names the parameter alone.
    """

    parameter: str
    value: Any = None

    def __str__(self) -> str:
        return self.parameter if self.value is None else f"{self.parameter}={self.value!r}"


class Words(str):
    """A sentence that mentions settings; as a string it spells them as Python does.

    Parameters
    ----------
    template : str
        For `str.format`.
    **values : object
        What stands in its braces; a `Setting` can be spelled in another way later.

    Examples
    --------
    >>> from sklearn_zcore.tables import Setting, Words
    >>> words = Words("Column {name!r}: {cure}.", name="a", cure=Setting("na_values", "?"))
    >>> words
    "Column 'a': na_values='?'."
    >>> words.spelled(lambda setting: f"--{setting.parameter} {setting.value}")
    "Column 'a': --na_values ?."
    """

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, **values: Any) -> "Words":
        words = super().__new__(cls, template.format(**values))
        words.template = template
        words.values = values
        return words

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        return (self.template,), self.values

    def spelled(self, spell: Callable[[Setting], str]) -> str:
        """Return the sentence with its settings spelled by a function."""
        return self.template.format(
            **{k: spell(v) if isinstance(v, Setting) else v for k, v in self.values.items()}
        )


def spelled(words: str, spell: Callable[[Setting], str]) -> str:
    """Spell the settings of a sentence, if it has any."""
    return words.spelled(spell) if isinstance(words, Words) else words


class TableError(ValueError):
    """A table, or how it is to be read, is at fault.

    Parameters
    ----------
    message : str
        What is wrong and where.
    hint : str, default=""
        What to do about it.
    columns : sequence of str, default=()
        The columns that are at fault, if it helps to leave them out.
    unwritable : sequence of str, default=()
        Those that must not even be written.

    Attributes
    ----------
    remedy : str
        The format of output in which nothing would be at fault; empty where there is none.
    """

    def __init__(
        self,
        message: str,
        hint: str = "",
        columns: Sequence[str] = (),
        unwritable: Sequence[str] = (),
    ) -> None:
        super().__init__(f"{message} {hint}".rstrip())
        self.message = message
        self.hint = hint
        self.columns = tuple(columns)
        self.unwritable = tuple(unwritable)
        self.parts: list[TableError] = []  # where it tells of several
        self.remedy = ""

    def __reduce__(self) -> tuple[type["TableError"], tuple[Any, ...]]:
        return type(self), (self.message, self.hint, self.columns, self.unwritable)


def merged(troubles: list[TableError]) -> TableError:
    """Return one error that tells of several, with one remedy for all of their columns.

    Parameters
    ----------
    troubles : list of TableError
        At least one. Those without columns come with their own hints.
    """
    troubles = [part for trouble in troubles for part in trouble.parts or [trouble]]
    if len(troubles) == 1:
        return troubles[0]
    columns = list(dict.fromkeys(name for trouble in troubles for name in trouble.columns))
    told: list[str] = []
    values: dict[str, Any] = {}
    for i, trouble in enumerate(troubles[:12]):
        for words in (trouble.message, "" if trouble.columns else trouble.hint):
            template, more = _renamed(words, f"part{i}{'' if words is trouble.message else '_'}")
            told += [template] if template else []
            values |= more
    if len(troubles) > 12:
        told.append(f"And {len(troubles) - 12:,} more.")
    count = f"{len(columns):,} column{'' if len(columns) == 1 else 's'} cannot be used"
    error = TableError(
        Words(f"{count}. {' '.join(told)}", **values),
        Words("Leave them out: {leave}.", leave=Setting("kinds", dict.fromkeys(columns, "ignore"))),
        columns,
        [name for trouble in troubles for name in trouble.unwritable],
    )
    error.parts = troubles
    remedies = {trouble.remedy for trouble in troubles}
    if len(remedies) == 1 and (remedy := remedies.pop()):
        error.remedy, error.hint = remedy, troubles[0].hint
    return error


def _renamed(words: str, name: str) -> tuple[str, dict[str, Any]]:
    """Return a template and its values under names of their own; settings are spelled later."""
    if not isinstance(words, Words):
        return (f"{{{name}}}", {name: words}) if words else ("", {})
    template = re.sub(r"\{(\w+)(?=[!:}])", rf"{{{name}_\1", words.template)
    return template, {f"{name}_{key}": value for key, value in words.values.items()}


def require(*modules: str, why: str) -> list[Any]:
    """Import optional modules, or say which extra brings them.

    Parameters
    ----------
    *modules : str
        Their names.
    why : str
        What needs them.

    Returns
    -------
    modules : list of module

    Raises
    ------
    ImportError
        Names the package and the extra.
    """
    loaded = []
    for name in modules:
        try:
            loaded.append(importlib.import_module(name))
        except ImportError as error:
            package = name.partition(".")[0]
            raise ImportError(
                f"{why} needs {package}, which could not be imported ({error}). "
                f"{how_to_install(_EXTRAS.get(package, 'table'))} Arrays (.npy and .npz) work "
                f"without it."
            ) from error
    return loaded
