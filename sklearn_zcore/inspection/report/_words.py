"""What the figures say, in words."""

from typing import Any

from sklearn_zcore._words import plural

_STABLE = 0.8
_GAP = 0.05  # of a group's share: less is not worth a warning


def warnings_of(found: dict[str, Any]) -> list[str]:
    """Return what a reader should be warned of, the most important first.

    Parameters
    ----------
    found : dict
        The sections of a report, without its warnings.

    Returns
    -------
    list of str
    """
    return [
        *_of_coverage(found["summary"]),
        *_of_stability(found["summary"]),
        *_of_groups(found["groups"]),
        *_of_repeats(found["near_duplicates"]),
        *_of_outliers(found["outliers"], found["summary"]),
        *_of_images(found["thumbnails"]),
    ]


def _of_coverage(summary: dict[str, Any]) -> list[str]:
    own, random = summary["coverage"], summary["random"]
    if own["n_selected"] == summary["n_samples"] or random["std"] is None:
        return []
    if random["compared_mean"] > random["mean"] + 2 * random["std"]:
        return [
            "This coreset covers the rows worse than random draws of its size: it is farther from "
            "them on average. It may hold many outliers."
        ]
    if random["compared_mean"] >= random["mean"] - 2 * random["std"]:
        return ["This coreset covers the rows no better than random draws of its size."]
    return []


def _of_stability(summary: dict[str, Any]) -> list[str]:
    stability = summary["stability"]
    if stability is None or stability >= _STABLE:
        return []
    return [
        f"Only {stability:.0%} of the coreset is stable: another run would select other rows "
        f"instead of the rest. More draws (n_iter) make it repeat itself, not better to train on."
    ]


def _of_groups(groups: list[dict[str, Any]]) -> list[str]:
    said = []
    for column in groups:
        if column["n_absent"]:
            n_rows = sum(group["n_rows"] for group in column["absent"])
            listed = ", ".join(group["group"] for group in column["absent"][:3])
            more = ", …" if column["n_absent"] > 3 else ""
            said.append(
                f"{plural(column['n_absent'], 'group')} of {column['column']} "
                f"{'has' if column['n_absent'] == 1 else 'have'} no row in the coreset: "
                f"{listed}{more} ({plural(n_rows, 'row')})."
            )
        short = [
            group for group in column["groups"] if group["gap"] < -_GAP and group["n_selected"]
        ]
        if short:
            group = short[0]
            said.append(
                f"{column['column']}: {group['group']} is under-represented, with "
                f"{group['share_selected']:.1%} of the coreset and {group['share']:.1%} of the "
                f"rows."
            )
    return said


def _of_repeats(repeats: dict[str, Any]) -> list[str]:
    n = repeats["n_spare_in_coreset"]
    if not n:
        return []
    rows = f"{plural(n, 'row')} of the coreset {'repeats' if n == 1 else 'repeat'}"
    return [f"{rows} another one of it, exactly or nearly."]


def _of_outliers(outliers: dict[str, Any], summary: dict[str, Any]) -> list[str]:
    n = outliers["n_selected"]
    expected = outliers["n_outliers"] * summary["share"]
    if n < 5 or n < 3 * expected:
        return []
    return [
        f"{n:,} of the {outliers['n_outliers']:,} outliers are in the coreset, where random draws "
        f"would take {expected:.1f}: look whether they are worth a label."
    ]


def _of_images(thumbnails: dict[str, Any]) -> list[str]:
    n = len(thumbnails["broken"])
    return [f"{plural(n, 'image')} of those shown cannot be read."] if n else []
