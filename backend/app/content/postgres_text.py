"""Text that PostgreSQL cannot hold, made to fit without losing a character.

Courses pack their state as they like: compressors write unpaired surrogates and NUL characters, which neither
`text` nor `jsonb` accepts. They are written as U+F8FF and four hex digits, and so is U+F8FF itself.
"""

import re
from collections.abc import Callable
from typing import Any

_MARK = "\uf8ff"
_UNSTORABLE = re.compile("[\x00\ud800-\udfff\uf8ff]")
_UNPRINTED = re.compile("[\x00\ud800-\udfff]")
_WRITTEN = re.compile(_MARK + "([0-9a-f]{4})")


def storable(text: str) -> str:
    """`text` in characters the database accepts; `restored` is the exact way back."""
    return _UNSTORABLE.sub(lambda found: f"{_MARK}{ord(found.group()):04x}", text)


def restored(text: str) -> str:
    """The inverse of `storable`."""
    return _WRITTEN.sub(lambda found: chr(int(found.group(1), 16)), text)


def storable_json(value: Any) -> Any:
    """A JSON value with all its texts made storable, keys included."""
    return _every_text(value, storable)


def legible_json(value: Any) -> Any:
    """A JSON value for others to read: what the database does not accept becomes U+FFFD."""
    return _every_text(value, lambda text: _UNPRINTED.sub("\ufffd", text))


def restored_json(value: Any) -> Any:
    """The inverse of `storable_json`."""
    return _every_text(value, restored)


def _every_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_every_text(item, change) for item in value]
    if isinstance(value, dict):
        return {change(key): _every_text(item, change) for key, item in value.items()}
    return value
