"""Draw a table that a phone can scroll, and a keyboard too."""

from collections.abc import Sequence
from html import escape

import streamlit as st

# A table of Streamlit's own is a canvas, which screen readers cannot read cell by cell.
_STYLE = """<style>
.evidence { overflow-x: auto; max-width: 100% }
.evidence table { border-collapse: collapse; width: 100%; font-size: 0.875rem }
.evidence th, .evidence td { text-align: left; vertical-align: top;
padding: 0.25rem 0.75rem 0.25rem 0;
border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent) }
.evidence td { overflow-wrap: anywhere; min-width: 4.5rem }
</style>"""


def show(head: Sequence[str], rows: Sequence[Sequence[str]], label: str = "Table") -> None:
    """Draw a table; the first cell of each row is its heading."""
    titles = "".join(f'<th scope="col">{escape(title)}</th>' for title in head)
    body = "".join(
        "<tr>"
        + "".join(
            f'<th scope="row">{escape(cell)}</th>'
            if place == 0 and len(row) > 1
            else f"<td>{escape(cell)}</td>"
            for place, cell in enumerate(row)
        )
        + "</tr>"
        for row in rows
    )
    st.html(
        f'{_STYLE}<div class="evidence" tabindex="0" role="region" aria-label="{escape(label)}">'
        f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>"
    )
