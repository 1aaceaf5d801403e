"""What a package loads from other hosts. The content host's policy blocks it unless the
school allows the host, so its author is warned at import."""

import re
from collections.abc import Iterable, Mapping

from app.content.packages.single_file import Source

_PAGES = (".html", ".htm", ".xhtml", ".css", ".svg")
_MAX_BYTES = 2 * 1024**2
_MAX_PAGES = 500
_MAX_HOSTS = 10

_ADDRESS = r"""(?:https?:)?//([A-Za-z0-9.-]{1,250}\.[A-Za-z]{2,60})(?=[/:?#"'\s)>]|$)"""
# An element that shows or loads something; a plain link (`<a href>`) is no part of the page.
# Bounded, and never past the next `<`: the text is a stranger's, and the search must stay linear.
_INSIDE = r"[^<>]{0,2000}?"
_USED = re.compile(
    rf"""<(?:img|script|iframe|frame|video|audio|source|track|embed|input)\b{_INSIDE}\s(?:src|poster)\s?=\s?["']?{_ADDRESS}
    |<object\b{_INSIDE}\sdata\s?=\s?["']?{_ADDRESS}
    |<link\b(?={_INSIDE}\brel\s?=\s?["']?[\w\s-]{{0,40}}(?:stylesheet|icon|preload)){_INSIDE}\shref\s?=\s?["']?{_ADDRESS}
    |url\(\s?["']?{_ADDRESS}
    |@import\s["']{_ADDRESS}""",
    re.IGNORECASE | re.VERBOSE,
)


def hosts_in(text: str) -> set[str]:
    """The hosts, in lower case, from which a page or style sheet loads something."""
    return {next(filter(None, match.groups())).lower() for match in _USED.finditer(text)}


def used_by(archive: Source, files: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The hosts on which the package's pages depend, each with the pages that load from it.

    `files`: path from the package's root -> path in the zip. What scripts put together is not seen.
    """
    used: dict[str, list[str]] = {}
    pages = [path for path in sorted(files) if path.lower().endswith(_PAGES)]
    for path in pages[:_MAX_PAGES]:
        if archive.entries[files[path]].size <= _MAX_BYTES:
            text = archive.read(files[path], _MAX_BYTES).decode("utf-8", "replace")
            for host in hosts_in(text):
                used.setdefault(host, []).append(path)
    return {host: tuple(places) for host, places in used.items()}


def together(*found: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Hosts with their pages out of several places."""
    hosts = dict.fromkeys(host for one in found for host in one)
    return {host: tuple(dict.fromkeys(page for one in found for page in one.get(host, ()))) for host in hosts}


def remarks(used: Mapping[str, tuple[str, ...]]) -> list[str]:
    """A sentence for each of these hosts, with where it is used."""
    shown = list(used.items())[:_MAX_HOSTS]
    sentences = [
        f"{host} is another server: what {_listed(places)} loads from it is shown to students only while the school’s "
        "policy on lesson content allows that server."
        for host, places in shown
    ]
    if len(used) > len(shown):
        sentences.append(
            f"The pages load from {len(used) - len(shown)} more servers, for which the same is true."
        )
    return sentences


def _listed(places: Iterable[str]) -> str:
    first, *more = (f"“{place[:120]}”" for place in places)
    return (
        first if not more else f"{first} and {len(more)} more" if len(more) > 1 else f"{first} and {more[0]}"
    )
