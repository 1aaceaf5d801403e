"""The special data types of xAPI: IRIs, UUIDs, timestamps, durations, language tags, media types.

Each `is_*` answers for one string and raises nothing; `instant` turns a timestamp into a moment.
Sources: xAPI 1.0.3 Data 4.0 and 2.2; IEEE 9274.1.1 (xAPI 2.0) 4.2.7.
"""

import os
import re
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache

_IRI = re.compile(
    r"[A-Za-z][A-Za-z0-9+.\-]*:"
    r"[^\x00-\x20<>\"{}|\\^`\x7f-\x9f]+"
)
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_SHA1 = re.compile(r"[0-9a-fA-F]{40}")
_SHA2 = re.compile(r"(?:[0-9a-fA-F]{56}|[0-9a-fA-F]{64}|[0-9a-fA-F]{96}|[0-9a-fA-F]{128})")
_MAILTO = re.compile(r"mailto:[^\s@]+@[^\s@,;<>]+")
_MEDIA_TYPE = re.compile(
    r"[A-Za-z0-9!#$&^_.+\-]+/[A-Za-z0-9!#$&^_.+\-]+"
    r"(?:[ \t]*;[ \t]*[A-Za-z0-9!#$&^_.+\-]+=(?:[^\s\";\x00-\x1f\x7f]+|\"[^\"\x00-\x1f\x7f]*\"))*"
)
# RFC 5646, well-formedness: language, extlang, script, region, variants, extensions, private use.
_LANGUAGE = re.compile(
    r"(?:(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4}|[a-z]{5,8})"
    r"(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*"
    r"(?:-[0-9a-wyz](?:-[a-z0-9]{2,8})+)*"
    r"(?:-x(?:-[a-z0-9]{1,8})+)?"
    r"|x(?:-[a-z0-9]{1,8})+"
    r"|i-(?:ami|bnn|default|enochian|hak|klingon|lux|mingo|navajo|pwn|tao|tay|tsu)"
    r"|en-gb-oed|sgn-(?:be-fr|be-nl|ch-de)|art-lojban|cel-gaulish|no-bok|no-nyn|zh-(?:guoyu|hakka|min|min-nan|xiang))",
    re.IGNORECASE,
)
_DATE = r"(?P<year>\d{4})-?(?P<month>\d\d)-?(?P<day>\d\d)"
_TIME = r"(?P<hour>\d\d)(?::?(?P<minute>\d\d)(?::?(?P<second>\d\d)(?:[.,](?P<fraction>\d+))?)?)?"
_ZONE = r"(?P<zone>[Zz]|[+\-]\d\d(?::?\d\d)?)"
_ISO = re.compile(rf"{_DATE}[Tt ]{_TIME}{_ZONE}?", re.ASCII)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+\-]\d\d:\d\d)", re.ASCII)
_COMMON = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d(?:\.\d+)?Z", re.ASCII)
_N = r"\d+(?:[.,]\d+)?"
_DURATION = re.compile(
    rf"P(?=.)(?:(?:{_N}Y)?(?:{_N}M)?(?:{_N}D)?(?:T(?=.)(?:{_N}H)?(?:{_N}M)?(?:{_N}S)?)?|{_N}W)", re.ASCII
)
_WORTH_REMEMBERING = 500
"""Characters of a text whose answer is remembered. What is longer is rare, and memory is not for a sender to fill."""
_LONGEST_DURATION = 100
_DURATION_PARTS = re.compile(r"([\d.,]+)([YMWDHST])|T", re.ASCII)


def is_iri(text: str) -> bool:
    """An absolute IRI: a scheme, then at least one character, none of them forbidden in an IRI."""
    return _is_iri(text) if len(text) <= _WORTH_REMEMBERING else _IRI.fullmatch(text) is not None


@lru_cache(maxsize=8192)
def _is_iri(text: str) -> bool:
    return _IRI.fullmatch(text) is not None


def is_uuid(text: str) -> bool:
    """The canonical text of a UUID, either case. Version and variant bits are not held against it:
    authoring tools in use make them up, and the store treats the value as a name only.
    """
    return _UUID.fullmatch(text) is not None


def random_uuid() -> str:
    """A UUID of version 4 (RFC 9562, 5.4), in a third of the time that `str(uuid4())` takes."""
    digits = os.urandom(16).hex()
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"


def is_mailto(text: str) -> bool:
    """`mailto:` and one address, as `mbox` asks."""
    return _MAILTO.fullmatch(text) is not None


def is_sha1(text: str) -> bool:
    """Forty hexadecimal digits."""
    return _SHA1.fullmatch(text) is not None


def is_sha2(text: str) -> bool:
    """The hexadecimal digits of SHA-224, -256, -384 or -512."""
    return _SHA2.fullmatch(text) is not None


def is_media_type(text: str) -> bool:
    """An RFC 2046 media type with optional parameters, of at most 500 characters."""
    return len(text) <= _WORTH_REMEMBERING and _is_media_type(text)


@lru_cache(maxsize=1024)
def _is_media_type(text: str) -> bool:
    return _MEDIA_TYPE.fullmatch(text) is not None


def is_language(text: str) -> bool:
    """A well-formed RFC 5646 language tag, of at most 500 characters."""
    return len(text) <= _WORTH_REMEMBERING and _is_language(text)


@lru_cache(maxsize=1024)
def _is_language(text: str) -> bool:
    return _LANGUAGE.fullmatch(text) is not None


def is_duration(text: str) -> bool:
    """An ISO 8601 duration (`PT1H30M`, `P2W`) of at most 100 characters; fractions are allowed."""
    return len(text) <= _LONGEST_DURATION and _DURATION.fullmatch(text) is not None


def duration_key(text: str) -> str:
    """The duration cut to hundredths of a second, for comparing statements (2.0, 4.2.7)."""
    head, point, fraction = text.replace(",", ".").rpartition(".")
    if not point or not fraction.endswith("S"):
        return text
    kept = fraction[:-1][:2].rstrip("0")
    return f"{head}.{kept}S" if kept else f"{head}S"


def duration_seconds(text: str) -> float | None:
    """Length of a duration in seconds; a year counts 365 days, a month 30; None when it is none."""
    if not is_duration(text):
        return None
    seconds, in_time = 0.0, False
    sizes = {"Y": 31_536_000, "W": 604_800, "D": 86_400, "H": 3_600, "S": 1}
    for number, unit in _DURATION_PARTS.findall(text):
        if not number:
            in_time = True
            continue
        size = (60 if in_time else 2_592_000) if unit == "M" else sizes[unit]
        seconds += float(number.replace(",", ".")) * size
    return seconds


def instant(text: str, *, rfc3339: bool = False) -> datetime | None:
    """The moment a timestamp names, as aware UTC, microseconds kept; None when it is not acceptable.

    Refused besides nonsense: a missing zone (the moment would be a guess) and the offsets `-00`, `-0000`
    and `-00:00`, which RFC 3339 reserves for "zone unknown" (Data 4.5). `rfc3339=True` holds version 2.0
    to the extended form.
    """
    try:
        # The form nearly every client sends; the C parser is ten times the speed of the expression.
        if len(text) in (20, 24, 27) and _COMMON.fullmatch(text):
            return datetime.fromisoformat(text)
        if rfc3339 and _RFC3339.fullmatch(text) is None:
            return None
        match = _ISO.fullmatch(text)
        if match is None or match["zone"] is None:
            return None
        return _moment(match)
    except (ValueError, OverflowError):
        return None


def _moment(match: re.Match[str]) -> datetime | None:
    zone = match["zone"]
    if zone in ("Z", "z"):
        offset = timedelta()
    else:
        digits = zone[1:].replace(":", "").ljust(4, "0")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        if int(digits[2:]) > 59 or offset > timedelta(hours=23, minutes=59):
            return None
        if zone[0] == "-":
            if not offset:
                return None
            offset = -offset
    second = int(match["second"] or 0)
    leap = second == 60  # a leap second is the first moment of the next minute
    moment = datetime(
        int(match["year"]),
        int(match["month"]),
        int(match["day"]),
        int(match["hour"]),
        int(match["minute"] or 0),
        59 if leap else second,
        int((match["fraction"] or "0")[:6].ljust(6, "0")),
        timezone(offset),
    ).astimezone(UTC)
    return moment + timedelta(seconds=1) if leap else moment


def text_of(moment: datetime) -> str:
    """RFC 3339 in UTC with microseconds, `2026-11-22T10:00:00.000000Z`."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")[: -len("+00:00")] + "Z"
