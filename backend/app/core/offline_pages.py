"""HTML pages that open from a disk, without this system, a server or the network: for archives that leave the school.

A page is written as it is read, so that its size does not matter. Tables can be searched with a few lines of script
that stand in the page itself; without it everything is there all the same.
"""

import html
import tempfile
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import IO
from urllib.parse import quote

_STYLE = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;margin:0 auto;max-width:80rem;padding:1.5rem}
h1{font-size:1.6rem;line-height:1.2}h2{font-size:1.15rem;margin-top:2rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem}dt{font-weight:600}dd{margin:0}
dd{overflow-wrap:anywhere}
.scroll{overflow-x:auto}table{border-spacing:0;width:100%;font-variant-numeric:tabular-nums}
th,td{border-block-end:1px solid color-mix(in srgb,currentColor 22%,transparent);padding:.4rem .6rem}
th,td{text-align:left;vertical-align:top}
thead th{position:sticky;top:0;background:Canvas}
input[type=search]{font:inherit;padding:.5rem .75rem;width:min(30rem,100%);min-height:44px;box-sizing:border-box}
a{display:inline-block;padding:.15rem 0}.note{color:color-mix(in srgb,currentColor 72%,transparent)}
nav a{margin-right:1rem}@media print{input,nav,.note-screen{display:none}}
"""
_SCRIPT = """
for (const box of document.querySelectorAll("input[type=search]")) {
  const rows = [...document.getElementById(box.dataset.rows).tBodies[0].rows];
  const fold = text => text.normalize("NFKD").replace(/[\\u0300-\\u036f'’]/g, "").toLowerCase();
  const texts = rows.map(row => fold(row.textContent));
  const count = document.getElementById(box.dataset.rows + "-count");
  const show = () => {
    const words = fold(box.value).split(/\\s+/).filter(Boolean);
    let shown = 0;
    rows.forEach((row, place) => {
      const fits = words.every(word => texts[place].includes(word));
      row.hidden = !fits;
      shown += fits;
    });
    count.textContent = shown + " of " + rows.length;
  };
  box.addEventListener("input", show);
  show();
}
"""


@dataclass(frozen=True, slots=True)
class Link:
    """A cell that leads to a file of the archive; `path` is relative to the page."""

    text: str
    path: str


Cell = str | Link | Sequence["str | Link"] | None


class OfflinePage:
    """A page under way; `file` is what to put into the archive when it is finished."""

    def __init__(self, title: str, facts: Iterable[tuple[str, str]] = (), *, lang: str = "en") -> None:
        self.file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed in __exit__
        self._tables = 0
        shown = html.escape(title)
        self._write(
            f'<!doctype html>\n<html lang="{lang}"><head><meta charset="utf-8">'
            f'<meta name="viewport" content="width=device-width"><title>{shown}</title>'
            f"<style>{_STYLE}</style></head>\n<body><main><h1>{shown}</h1>\n"
        )
        pairs = "".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(said)}</dd>" for name, said in facts)
        if pairs:
            self._write(f"<dl>{pairs}</dl>\n")

    def __enter__(self) -> "OfflinePage":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()

    def links(self, items: Iterable[Link]) -> None:
        """A line of links."""
        self._write(f"<nav aria-label='Files'>{''.join(_anchor(one) for one in items)}</nav>\n")

    def note(self, words: str) -> None:
        """A paragraph."""
        self._write(f'<p class="note">{html.escape(words)}</p>\n')

    def table(
        self, title: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]], *, search: str = ""
    ) -> int:
        """A table, with a field to search it by if `search` says how that is labeled; how many rows it has."""
        self._tables += 1
        name = f"table{self._tables}"
        self._write(f'<h2 id="{name}-title">{html.escape(title)}</h2>\n')
        if search:
            self._write(
                f'<p class="note-screen"><label>{html.escape(search)}<br><input type="search" data-rows="{name}">'
                f'</label> <span id="{name}-count" role="status"></span></p>\n'
            )
        heads = "".join(f'<th scope="col">{html.escape(one)}</th>' for one in columns)
        self._write(
            f'<div class="scroll" tabindex="0" role="region" aria-labelledby="{name}-title">'
            f'<table id="{name}"><thead><tr>{heads}</tr></thead><tbody>\n'
        )
        count = 0
        for row in rows:
            first, *others = (_cell(one) for one in row)
            cells = f'<th scope="row">{first}</th>' + "".join(f"<td>{one}</td>" for one in others)
            self._write(f"<tr>{cells}</tr>\n")
            count += 1
        self._write("</tbody></table></div>\n")
        return count

    def finish(self) -> IO[bytes]:
        """End the page."""
        self._write(f"</main><script>{_SCRIPT}</script></body></html>\n")
        return self.file

    def _write(self, text: str) -> None:
        # A surrogate that came from somewhere is no reason for a page that cannot be written.
        self.file.write(text.encode("utf-8", "replace"))


def _cell(value: Cell) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, Link):
        return _anchor(value)
    if isinstance(value, str):
        return html.escape(value).replace("\n", "<br>")
    return "<br>".join(_cell(one) for one in value) or "–"


def _anchor(link: Link) -> str:
    return f'<a href="{html.escape(quote(link.path), quote=True)}">{html.escape(link.text)}</a>'


def slug(name: str, most: int = 40) -> str:
    """A name as part of a path that every system can hold: ASCII letters and digits, words joined by hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = "".join(sign if sign.isalnum() else " " for sign in plain).split()
    return "-".join(words)[:most].strip("-") or "student"
