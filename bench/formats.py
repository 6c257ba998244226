"""Tables as text: for a terminal, as Markdown, as CSV for a spreadsheet, as LaTeX for a paper."""

from dataclasses import dataclass

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as Drawn
from rich.text import Text

from .errors import printable

FORMATS = ("table", "markdown", "csv", "latex")
LATEX = {  # characters that pandas does not escape
    "∞": r"$\infty$",
    "\u2013": "--",
    "†": r"\textdagger{}",
    "±": r"$\pm$",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
}


@dataclass(frozen=True)
class Table:
    """A table as a person reads it, and the numbers behind it."""

    title: str
    heads: list[str]
    rows: list[list[str]]
    frame: pd.DataFrame  # the numbers; what CSV is made from

    def markdown(self) -> str:
        return "\n".join(plain(self.heads, self.rows))

    def latex(self) -> str:
        return latex(self.heads, self.rows)

    def csv(self) -> str:
        return spreadsheet(self.frame).rstrip("\n")


def show(table: Table, wanted: str, console: Console) -> None:
    """Print a table in one of FORMATS; "table" is Markdown where the output is no terminal."""
    if wanted == "table" and console.is_terminal:
        drawn = Drawn(title=Text(table.title), box=SIMPLE_HEAD, pad_edge=False)
        for head in table.heads:
            drawn.add_column(Text(head), overflow="fold")
        for row in table.rows:
            drawn.add_row(*(Text(printable(cell)) for cell in row))
        console.print(drawn)
        return
    text = {"csv": table.csv, "latex": table.latex}.get(wanted, table.markdown)()
    if wanted in ("table", "markdown"):
        text = f"{table.title}\n\n{text}\n"
    for line in text.split("\n"):
        console.out(printable(line), highlight=False)


def plain(heads: list[str], rows: list[list[str]]) -> list[str]:
    """The lines of a Markdown table, its columns aligned and its cells made `safe`."""
    heads, *rows = [[safe(cell) for cell in cells] for cells in (heads, *rows)]
    widths = [max(len(cell) for cell in column) for column in zip(heads, *rows, strict=True)]
    lines = [heads, ["-" * width for width in widths], *rows]
    padded = [[c.ljust(w) for c, w in zip(line, widths, strict=True)] for line in lines]
    return ["| " + " | ".join(line) + " |" for line in padded]


def safe(text: str) -> str:
    """Text on one line, escaped so that Markdown and HTML show it as it is."""
    for mark, escaped in (("|", "\\|"), ("<", "&lt;"), ("`", "\\`"), ("*", "\\*"), ("](", "]\\(")):
        text = text.replace(mark, escaped)
    return printable(text)


def spreadsheet(table: pd.DataFrame) -> str:
    """A DataFrame as CSV, in which no text can be taken for a spreadsheet's formula."""
    texts = table.select_dtypes(["object", "string"])
    inert = {name: texts[name].map(_inert) for name in texts}
    return str(table.assign(**inert).to_csv(index=False))


def _inert(value: object) -> object:
    if not isinstance(value, str):
        return value
    return "'" * value.startswith(("=", "+", "-", "@", "\t", "\r")) + printable(value)


def latex(heads: list[str], rows: list[list[str]]) -> str:
    """A LaTeX tabular for the package booktabs, with all its text escaped."""
    style = pd.DataFrame(rows, columns=heads).style.hide(axis="index").format(escape="latex")
    text = style.format_index(escape="latex", axis="columns").to_latex(hrules=True)
    for sign, command in LATEX.items():
        text = text.replace(sign, command)
    return str(text).rstrip("\n")
