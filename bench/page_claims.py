"""The claims on the page: what this folder's runs say of each, with rule and source to unfold."""

from typing import Any

from . import claims_text as text
from .findings import Findings
from .prose import number


def claims(findings: Findings) -> dict[str, Any]:
    """Rows, how many of each verdict, and what the other claims would need."""
    table = findings.claims
    rows = [
        {
            **row.to_dict(),
            "shown": text.effect(row),
            "mark": text.MARKS[row["verdict"]],
            "kind": {"supported": "lower", "contradicted": "higher"}.get(row["verdict"], "open"),
            "power": number(row["planned_power"], 2),
        }
        for _, row in table.iterrows()
    ]
    return {
        "rows": rows,
        "tally": text.tally(table) if rows else "",
        "unspoken": text.unspoken(table),
        "reading": text.READING.replace("*", "").replace("`", ""),
    }
