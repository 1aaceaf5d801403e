"""The words of HTML, as a question or an answer has them: what a plain text can say stays, the rest is refused."""

import re
from html.parser import HTMLParser

_LINES = re.compile(r"p|br|div|h[1-6]|hr|[uod]l|li|d[td]|blockquote|pre|table|caption|tr")
_WITHIN = re.compile(
    r"span|[bisuaq]|em|strong|small|big|abbr|acronym|cite|code|kbd|samp|var|dfn|mark|font|center|tt|bd[oi]|"
    r"thead|tbody|tfoot|t[hd]"
)
_FIGURES = {
    "sup": str.maketrans("0123456789+-\u2212()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁽⁾ⁿ"),
    "sub": str.maketrans("0123456789+-\u2212()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₍₎"),
}
_OPEN = re.compile(r"<[a-z/!?][^<>]*(?:<|\Z)", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\r\n\f]+")


class MarkupError(ValueError):
    """What no plain text can say, named."""


def words_of(html: str) -> str:
    """The text, its paragraphs in lines of their own. Raises MarkupError for pictures, formulas and the like."""
    # The parser would look for the end of each such tag in all of the rest.
    if _OPEN.search(html):
        raise MarkupError("a tag without its end")
    reader = _Reader()
    try:
        reader.feed(html)
        reader.close()
    except AssertionError:
        # What the parser says of a declaration that is none.
        raise MarkupError("a declaration") from None
    return "".join(reader.found)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._figures: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _FIGURES:
            self._figures.append(tag)
        elif _LINES.fullmatch(tag):
            self.found.append("\n")
        elif not _WITHIN.fullmatch(tag):
            raise MarkupError(f"<{tag}>")
        elif tag in ("td", "th"):
            self.found.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if _LINES.fullmatch(tag):
            self.found.append("\n")
        elif self._figures and tag == self._figures[-1]:
            self._figures.pop()

    def handle_data(self, data: str) -> None:
        text = _SPACE.sub(" ", data)
        if self._figures:
            kind = self._figures[-1]
            raised = text.translate(_FIGURES[kind])
            # Ten to the power of three is not 103.
            if any(one == other and not one.isspace() for one, other in zip(text, raised, strict=True)):
                raise MarkupError(f"<{kind}>")
            text = raised
        self.found.append(text)
