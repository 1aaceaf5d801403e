"""Checks shared by every part of a statement: types, names, and the place of a fault.

Written by hand instead of with a schema library: a statement of 1 KB is checked in 20 to 40 µs, and every
refusal names the JSON path and what would be right there.
"""

import functools
from collections.abc import Callable
from typing import Any

import orjson

from app.lrs.engine import values
from app.lrs.engine.jsonio import MAX_DEPTH, deeper_than
from app.lrs.engine.refusal import Refusal

JsonObject = dict[str, Any]


Check = Callable[[Any, str], None]
_MOST_REMEMBERED = 4096
_LONGEST_REMEMBERED = 1500


def remembered(check: Check) -> Check:
    """The check, which need not be made again of JSON that has passed it: activities, verbs and people repeat.

    What passes anywhere passes everywhere, so only for checks whose answer hangs on the value alone. Memory is
    bounded: what is long is not kept, and what is kept is dropped when there is too much.
    """
    passed: set[bytes] = set()

    def checked(value: Any, path: str) -> None:
        try:
            written = orjson.dumps(value)
        except TypeError:  # whole numbers of more than 64 bits
            check(value, path)
            return
        if written in passed:
            return
        check(value, path)
        if len(written) <= _LONGEST_REMEMBERED:
            if len(passed) >= _MOST_REMEMBERED:
                passed.clear()
            passed.add(written)

    return functools.wraps(check)(checked)


def fail(path: str, detail: str) -> Refusal:
    """A refusal of a statement; `raise fail(...)`."""
    return Refusal(detail, path=path)


def kind(value: object) -> str:
    """A JSON type in a reader's words."""
    names = {bool: "a boolean", str: "a string", dict: "an object", list: "an array", type(None): "null"}
    return names.get(type(value), "a number")


def an_object(value: Any, path: str) -> JsonObject:
    if type(value) is not dict:
        raise fail(path, f"An object belongs here, not {kind(value)}.")
    return value


def an_array(value: Any, path: str) -> list[Any]:
    if type(value) is not list:
        raise fail(path, f"An array belongs here, not {kind(value)}.")
    return value


def a_string(value: Any, path: str) -> str:
    if type(value) is not str:
        raise fail(path, f"A string belongs here, not {kind(value)}.")
    return value


def a_boolean(value: Any, path: str) -> None:
    if type(value) is not bool:
        raise fail(path, f"true or false belongs here, not {kind(value)}.")


def a_number(value: Any, path: str) -> float | int:
    if type(value) not in (int, float):
        raise fail(path, f"A number belongs here, not {kind(value)}.")
    number: float | int = value
    return number


def only(value: JsonObject, allowed: frozenset[str], path: str) -> None:
    """Refuse properties the specification does not know, and null values."""
    if not value.keys() <= allowed:
        stranger = next(key for key in value if key not in allowed)
        twin = next((name for name in allowed if name.lower() == stranger.lower()), None)
        hint = f' Did you mean "{twin}"? Names are case-sensitive.' if twin else ""
        raise fail(f"{path}.{stranger}", f"xAPI has no such property here.{hint}")
    if None in value.values():
        empty = next(key for key, inner in value.items() if inner is None)
        raise fail(f"{path}.{empty}", "null is allowed only inside extensions; leave the property out.")


def required(value: JsonObject, name: str, path: str) -> Any:
    try:
        return value[name]
    except KeyError:
        raise fail(path, f'The property "{name}" is required here.') from None


def string_like(test: Callable[[str], bool], what: str) -> Callable[[Any, str], str]:
    """A checker for one of the special data types."""

    def check(value: Any, path: str) -> str:
        if type(value) is not str:
            raise fail(path, f"{what} belongs here as a string, not {kind(value)}.")
        if not test(value):
            raise fail(path, f"{what} belongs here; “{value[:120]}” is not one.")
        return value

    return check


_iri = string_like(values.is_iri, "An IRI with a scheme (https://…)")

LONGEST_KEY = 2000
"""Octets of an identifier that statements are found by; an index entry holds no more."""


def an_iri(value: Any, path: str) -> str:
    text = _iri(value, path)
    if len(text) > LONGEST_KEY // 4 and len(text.encode()) > LONGEST_KEY:
        raise fail(path, f"An IRI may have {LONGEST_KEY} octets.")
    return text


a_uuid = string_like(values.is_uuid, "A UUID (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx)")
a_mailto = string_like(values.is_mailto, "An address in the form mailto:person@host")
a_sha1 = string_like(values.is_sha1, "A SHA-1 in 40 hexadecimal digits")
a_sha2 = string_like(values.is_sha2, "A SHA-2 in hexadecimal digits")
a_media_type = string_like(values.is_media_type, "A media type such as text/plain")
a_language = string_like(values.is_language, "An RFC 5646 language tag such as en-US")
a_duration = string_like(values.is_duration, "An ISO 8601 duration such as PT1H30M")


def a_timestamp(value: Any, path: str, *, rfc3339: bool) -> None:
    text = a_string(value, path)
    if values.instant(text, rfc3339=rfc3339) is None:
        form = "RFC 3339" if rfc3339 else "ISO 8601"
        raise fail(
            path,
            f"An {form} date and time with its zone belongs here, such as 2026-11-22T10:00:00.000Z; "
            f"“{text[:60]}” is not one (a missing zone and -00:00 are refused).",
        )


def a_language_map(value: Any, path: str) -> None:
    for tag, text in an_object(value, path).items():
        if not values.is_language(tag):
            raise fail(f"{path}.{tag}", f"“{tag[:60]}” is not an RFC 5646 language tag such as en-US.")
        if type(text) is not str:
            raise fail(f"{path}.{tag}", f"The text in this language must be a string, not {kind(text)}.")


def extensions(value: Any, path: str) -> None:
    for key, inner in an_object(value, path).items():
        if not values.is_iri(key):
            raise fail(
                f"{path}[{key!r}]", "The key of an extension must be an IRI with a scheme (https://…)."
            )
        if type(inner) in (dict, list) and deeper_than(inner, MAX_DEPTH - 6):
            raise fail(f"{path}[{key!r}]", f"The JSON is nested deeper than {MAX_DEPTH} levels.")
