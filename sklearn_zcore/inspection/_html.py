"""Tables of scores for notebooks."""

from html import escape


def mean_and_spread(mean: float, spread: float) -> str:
    """Return both as text; a dash where there is no mean, and no spread of a single score."""
    if mean != mean:
        return "–"
    return f"{mean:.3f}" if spread != spread else f"{mean:.3f} ± {spread:.3f}"


def html_table(head: list[str], rows: list[list[str]], about: list[str]) -> str:
    """Return a table as HTML.

    Parameters
    ----------
    head : list of str
    rows : list of list of str
        Cells, as HTML; the first of a row is its name.
    about : list of str
        Lines of text below.

    Returns
    -------
    str
    """
    lines = ["<table>", "<thead><tr>", *(f"<th>{cell}</th>" for cell in head), "</tr></thead>"]
    lines.append("<tbody>")
    for name, *cells in rows:
        lines += [f"<tr><th>{name}</th>", *(f"<td>{cell}</td>" for cell in cells), "</tr>"]
    lines += ["</tbody>", "</table>"]
    return "\n".join([*lines, *(f"<p>{escape(line)}</p>" for line in about)])
