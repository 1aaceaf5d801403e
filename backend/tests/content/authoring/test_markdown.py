"""Markdown from anybody makes HTML that may stand in a page: nothing in it runs, loads from elsewhere or breaks out."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.content.authoring.markdown import LONGEST, render

MEDIA = {"hands.png": "image/png", "film.mp4": "video/mp4", "film.vtt": "text/vtt", "talk.mp3": "audio/mpeg"}
TAGS = {
    *("h2", "h3", "h4", "h5", "h6", "p", "em", "strong", "s", "code", "pre", "blockquote", "ul", "ol", "li"),
    *("hr", "br", "a", "img", "video", "audio", "track", "table", "thead", "tbody", "tr", "th", "td", "div"),
}
ATTRIBUTES = {
    "a": {"href", "target", "rel"},
    "img": {"src", "alt", "loading"},
    "video": {"controls", "preload", "src", "aria-label"},
    "audio": {"controls", "preload", "src", "aria-label"},
    "track": {"kind", "src", "srclang", "label", "default"},
    "ol": {"start"},
    "code": {"class"},
    "th": {"style"},
    "td": {"style"},
    "div": {"class", "tabindex", "role", "aria-label"},
}


class _Reader(HTMLParser):
    """Reads HTML as a browser does, and keeps what stands in it."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_comment(self, data: str) -> None:
        self.found.append(("comment", {}))

    def handle_decl(self, decl: str) -> None:
        self.found.append(("declaration", {}))


def elements(html: str) -> list[tuple[str, dict[str, str | None]]]:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.found


def assert_harmless(html: str) -> None:
    for tag, attributes in elements(html):
        assert tag in TAGS, tag
        assert set(attributes) <= ATTRIBUTES.get(tag, set()), (tag, attributes)
        for name in ("href", "src"):
            address = attributes.get(name)
            if address is None:
                continue
            allowed = ("http://", "https://", "mailto:", "tel:", "#") if name == "href" else ("files/",)
            assert address.lower().startswith(allowed), address


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<iframe src='https://evil.example'></iframe>",
    "<!-- --><style>*{display:none}</style>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\nscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](\x01javascript:alert(1))",
    "[x]( javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "<javascript:alert(1)>",
    "[x](vbscript:msgbox)",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](file:///etc/passwd)",
    "[x](//evil.example)",
    "[x](\\\\evil.example)",
    "[x](/sign-out)",
    "[x](../../sign-out)",
    "![x](data:image/svg+xml;base64,PHN2Zz4=)",
    "![x](https://evil.example/pixel.png)",
    "![x](//evil.example/pixel.png)",
    "![x](/learn)",
    "![x](../../../learn)",
    '![x](hands.png"onerror="alert(1))',
    '![" onerror="alert(1)](hands.png)',
    '[x](https://a.example/"onclick="alert(1))',
    '[x](https://a.example "title\\" onclick=\\"alert(1)")',
    "[x]: javascript:alert(1)\n\n[x]",
    '```"><script>alert(1)</script>\n```',
    '``` js" onclick="alert(1)\n```',
    "|a|\n|-|\n|<script>alert(1)</script>|",
    "\x00<script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_markdown_is_harmless(text: str) -> None:
    assert_harmless(render(text, MEDIA).html)


_PIECES = st.sampled_from(
    [
        *HOSTILE,
        "[",
        "]",
        "(",
        ")",
        "!",
        "<",
        ">",
        "*",
        "_",
        "`",
        "\n",
        "\n\n",
        "# ",
        "> ",
        "- ",
        "|",
        '"',
        "&",
        "hands.png",
    ]
)


@given(st.lists(_PIECES | st.text(max_size=12), max_size=25).map("".join))
def test_no_mixture_of_it_is_harmful(text: str) -> None:
    assert_harmless(render(text, MEDIA).html)


@pytest.mark.parametrize("piece", ["> ", "- ", "[", "![", "**a ", "*a **b ", "`", "<", "1. ", "[a](", "\t"])
def test_deep_nesting_ends_in_a_page(piece: str) -> None:
    assert_harmless(render(piece * (5_000 // len(piece)), MEDIA).html)


def test_a_megabyte_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match=f"longer than {LONGEST:,} characters"):
        render("x" * 1_000_000, {})


def test_pictures_films_and_recordings_are_those_of_the_lesson() -> None:
    found = render(
        "![Wet hands](hands.png)\n\n![Washing](Film.MP4)\n\n![A talk](talk.mp3)", MEDIA, base="files/"
    )
    assert '<img src="files/hands.png" alt="Wet hands" loading="lazy">' in found.html
    assert (
        'src="files/film.mp4" aria-label="Washing"><track kind="captions" src="files/film.vtt"' in found.html
    )
    assert "<audio controls" in found.html
    assert found.used == {"hands.png", "film.mp4", "film.vtt", "talk.mp3"}
    assert found.problems == ()


def test_what_is_missing_is_said() -> None:
    found = render("![](hands.png) ![x](gone.png) ![x](https://a.example/b.png) [y](other.html)", MEDIA)
    assert [problem.partition(" ")[0] for problem in found.problems] == [
        "“hands.png”",
        "“gone.png”",
        "The",
        "The",
    ]
    assert "has no description" in found.problems[0]
    assert "is not among the files" in found.problems[1]
    assert "on another server" in found.problems[2]
    assert "leads nowhere" in found.problems[3]


def test_the_title_stays_the_first_heading() -> None:
    assert render("# One\n\n###### Six", {}).html == "<h2>One</h2>\n<h6>Six</h6>\n"
