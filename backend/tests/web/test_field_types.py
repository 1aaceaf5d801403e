"""Input that every room meets: what is taken and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from app.web.field_types import HttpsUrl, Line, Text

url: TypeAdapter[str] = TypeAdapter(HttpsUrl)
line: TypeAdapter[str] = TypeAdapter(Line)
text: TypeAdapter[str] = TypeAdapter(Text)


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org",
        "https://example.org/a/b.mp4?x=1#t=20",
        "HTTPS://EXAMPLE.org:8443/",
        "https://[2001:db8::1]/film",
    ],
)
def test_https_addresses_are_taken_as_typed(address: str) -> None:
    assert url.validate_python(f"  {address} ") == address


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)//https://example.org",
        "java\tscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "http://example.org",
        "//example.org",
        "/etc/passwd",
        "https://",
        "https:example.org",
        "https:///path",
        "https://exa mple.org",
        "https://example.org/\x00",
        "https://example.org:99999/",
        "https://[::1",
        "https://example.org\\@evil.example",
        "https://user:secret@example.org/",
        "",
    ],
)
def test_other_addresses_are_refused(address: str) -> None:
    with pytest.raises(ValidationError):
        url.validate_python(address)


@pytest.mark.parametrize(
    "name", ["\u202e", "gnp\u202exe.Archive", "\u2066Archive", "\u200b", "\u200d \ufeff", "\x07"]
)
def test_a_line_that_cannot_be_seen_or_reads_as_another_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match=r"invisible|nothing that can be seen"):
        line.validate_python(name)


@pytest.mark.parametrize(
    "name", ["a\x1b[31mb", "a\x07b", "Maria\u200bLopez", "Ma\u00adria", "\ufeffMaria", "\ue000x", "x\uffff"]
)
def test_a_line_holds_nothing_that_cannot_be_seen(name: str) -> None:
    with pytest.raises(ValidationError, match="invisible"):
        line.validate_python(name)


def test_a_text_holds_no_control_characters_and_keeps_its_lines() -> None:
    assert text.validate_python("one\r\n\ttwo") == "one\n\ttwo"
    with pytest.raises(ValidationError, match="control character"):
        text.validate_python("one\x1b]0;two\x07")


@pytest.mark.parametrize("name", ["Zoë", "مدرسة", "می\u200cخواهم", "👩\u200d🏫", "O’Neil–Diaz"])
def test_names_of_every_script_are_lines(name: str) -> None:
    assert line.validate_python(name) == name


@given(st.text())
def test_a_line_is_storable_and_one_line(given_text: str) -> None:
    try:
        result = line.validate_python(given_text)
    except ValidationError:
        return
    assert result
    assert result == " ".join(result.split())
    assert "\x00" not in result


@pytest.mark.parametrize("given_text", ["a\x00b", "\ud800"])
def test_text_that_cannot_be_stored_is_refused(given_text: str) -> None:
    for kind in (line, text):
        with pytest.raises(ValidationError):
            kind.validate_python(given_text)


def test_text_keeps_its_lines() -> None:
    assert text.validate_python(" one\r\ntwo \n") == "one\ntwo"
