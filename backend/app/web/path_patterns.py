"""Addresses as rooms name them: whole segments, with `*` for any one of them."""

import re
from collections.abc import Iterable


def path_pattern(prefix: str) -> re.Pattern[str]:
    """Matches the address and everything below it; a `*` stands for one segment."""
    return re.compile(re.escape(prefix).replace(r"\*", "[^/]+") + "(?:/.*)?", re.DOTALL)


def path_patterns(prefixes: Iterable[str]) -> list[re.Pattern[str]]:
    """The patterns of several addresses."""
    return [path_pattern(prefix) for prefix in prefixes]
