"""Markdown into HTML that may stand in a page of ours, whoever wrote it.

HTML in the text is shown as text, links go to the web, to an email address or telephone, or within the page, and
pictures and films are those of the lesson: nothing else is ever loaded. What is refused stands in the page as it was
typed.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.token import Token

LONGEST = 60_000
"""Characters of a lesson's text; a long chapter of a book has 40,000. What was made to be hard takes seconds."""
_DEEPEST = 20
_LINKS = re.compile(r"(?:https?://|mailto:|tel:|#)", re.IGNORECASE)
_SCHEME = re.compile(r"\s*[a-z][a-z0-9+.-]*:|\s*[/\\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A text as HTML."""

    html: str
    used: frozenset[str]
    """Names of the lesson's files that it shows, captions included."""
    problems: tuple[str, ...]
    """Sentences on what has to be put right before it is published."""


def render(text: str, media: Mapping[str, str], *, base: str = "files/") -> Rendered:
    """The text as HTML. `media` are the lesson's files by name with their media types, `base` is the address below
    which the page finds them. Raises ValueError for a text longer than `LONGEST`."""
    if len(text) > LONGEST:
        raise ValueError(f"The text is longer than {LONGEST:,} characters.")
    found = _Found(media, base)
    html = _parser().render(text, {"found": found})
    return Rendered(html, frozenset(found.used), tuple(dict.fromkeys(found.problems)))


@lru_cache(maxsize=500)
def inline_html(text: str) -> str:
    """A short text, such as a question, as HTML without pictures."""
    return render(text, {}).html


class _Found:
    """What came up while a text was rendered."""

    def __init__(self, media: Mapping[str, str], base: str) -> None:
        self.media, self.base = media, base
        self.used: set[str] = set()
        self.problems: list[str] = []

    def shown(self, name: str, alt: str) -> str:
        """The HTML of a picture, film or recording; its description as text where it cannot be shown."""
        kind = self.media.get(name)
        if kind is None:
            self.problems.append(
                f"“{name}” is not among the files of this lesson. Upload it, or correct the name."
            )
            return escapeHtml(alt or name)
        if not alt:
            self.problems.append(
                f"“{name}” has no description. Write what it shows between the brackets: ![description]({name})."
            )
        self.used.add(name)
        address, said = self._address(name), escapeHtml(alt)
        if kind.startswith("image/"):
            return f'<img src="{address}" alt="{said}" loading="lazy">'
        if kind.startswith(("video/", "audio/")):
            tag = kind.partition("/")[0]
            return (
                f'<{tag} controls preload="metadata" src="{address}" aria-label="{said}">'
                f"{self._captions(name)}</{tag}>"
            )
        self.problems.append(
            f"“{name}” is not a picture, video or recording, so it can’t be shown in the text."
        )
        return said

    def _captions(self, name: str) -> str:
        beside = f"{name.rpartition('.')[0]}.vtt"
        if self.media.get(beside) != "text/vtt":
            return ""
        self.used.add(beside)
        address = self._address(beside)
        return f'<track kind="captions" src="{address}" srclang="en" label="Captions" default>'

    def _address(self, name: str) -> str:
        return escapeHtml(f"{self.base}{quote(name)}")


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "maxNesting": _DEEPEST})
    parser.enable(["table", "strikethrough"])
    setattr(parser, "validateLink", _may_be_linked)  # noqa: B010
    parser.add_render_rule("image", _image)
    parser.add_render_rule("link_open", _link_open)
    for name in ("heading_open", "heading_close"):
        parser.add_render_rule(name, _heading)
    parser.add_render_rule("table_open", _table_open)
    parser.add_render_rule("table_close", _table_close)
    return parser


def _may_be_linked(address: str) -> bool:
    # A name without scheme or slash is a file of the lesson; whether there is one is asked when it is shown.
    return bool(_LINKS.match(address)) or not _SCHEME.match(address)


def _image(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    token = tokens[index]
    alt = " ".join(renderer.renderInlineAsText(token.children or [], options, env).split())
    source = unquote(str(token.attrGet("src") or ""))
    found: _Found = env["found"]
    if _LINKS.match(source):
        found.problems.append(
            f"The picture {source[:100]} is on another server. Upload it into the lesson, and name it here."
        )
        return escapeHtml(alt)
    return found.shown(source.strip().lower(), alt)


def _link_open(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    address = str(tokens[index].attrGet("href") or "")
    if not _LINKS.match(address):
        # No part of the lesson is at an address of its own.
        env["found"].problems.append(
            f"The link to “{unquote(address)[:100]}” leads nowhere. Begin web addresses with https://."
        )
        return "<a>"
    attributes = "" if address.startswith("#") else ' target="_blank" rel="noopener noreferrer"'
    return f'<a href="{escapeHtml(address)}"{attributes}>'


def _heading(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    """One level down: the lesson's title is the page's first heading."""
    level = min(int(tokens[index].tag[1]) + 1, 6)
    return f"<h{level}>" if tokens[index].nesting == 1 else f"</h{level}>\n"


def _table_open(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    # A wide table is scrolled by itself, also by keyboard, not the page.
    return '<div class="wide" tabindex="0" role="group" aria-label="Table"><table>\n'


def _table_close(renderer: Any, tokens: Sequence[Token], index: int, options: Any, env: Any) -> str:
    return "</table></div>\n"
