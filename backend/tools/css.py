"""The part of Tabler's style sheet that the pages use: 100 KB of 635, a fourth of what a phone fetches and reads.

`app/web/classes.txt` names the classes. What has a class that is not in it is left out; everything else stays as it is
written, in its order. `script/assets --classes` writes the list anew from the templates, scripts and modules.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

_CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
_WORD = re.compile(r"[A-Za-z0-9_-]+")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'|/\*.*?\*/", re.DOTALL)
_HOLDING_RULES = ("@media", "@supports", "@layer", "@container")


def classes(css: str) -> set[str]:
    """Every class that a style sheet names in its selectors."""
    found: set[str] = set()
    for prelude, body in _rules(css):
        if prelude.startswith(_HOLDING_RULES):
            found |= classes(body)
        elif not prelude.startswith("@"):
            found |= set(_CLASS.findall(_QUOTED.sub("", prelude)))
    return found


def subset(css: str, kept: Collection[str]) -> str:
    """The style sheet without the selectors that need a class which is not kept."""
    parts = []
    for prelude, body in _rules(css):
        if prelude.startswith(_HOLDING_RULES):
            inside = subset(body, kept)
            parts.append(f"{prelude}{{{inside}}}" if inside else "")
        elif not prelude:
            parts.append(body)
        elif prelude.startswith("@"):
            parts.append(f"{prelude}{{{body}}}")
        else:
            wanted = [
                one for one in _selectors(prelude) if set(_CLASS.findall(_QUOTED.sub("", one))) <= set(kept)
            ]
            parts.append(f"{','.join(wanted)}{{{body}}}" if wanted else "")
    return "".join(parts)


def used(known: Iterable[str], sources: Iterable[Path]) -> list[str]:
    """Which of the classes stand as a word in the sources, or begin as one does that ends with a hyphen.

    `bg-{{ color }}-lt` and `f"text-{tone}"` may become any class that begins so.
    """
    words = {word for path in sources for word in _WORD.findall(path.read_text(encoding="utf-8"))}
    beginnings = tuple(word for word in words if word.endswith("-") and len(word) > 2)
    return sorted(one for one in known if one in words or one.startswith(beginnings))


def _rules(css: str) -> Iterator[tuple[str, str]]:
    """Prelude and body of each rule; what is no rule (a comment, `@import …;`) comes with an empty prelude."""
    at = 0
    while at < len(css):
        if css.startswith("/*", at):
            end = css.index("*/", at) + 2
            yield "", css[at:end]
            at = end
            continue
        opened, ended = css.find("{", at), css.find(";", at)
        if opened < 0:
            return
        if 0 <= ended < opened:
            yield "", css[at : ended + 1]
            at = ended + 1
            continue
        closed = _closing(css, opened)
        yield css[at:opened].strip(), css[opened + 1 : closed]
        at = closed + 1


def _closing(css: str, opened: int) -> int:
    """Where the brace that belongs to this one is."""
    depth, at = 0, opened
    while True:
        letter = css[at]
        if letter in "\"'":
            at = css.index(letter, at + 1)
        elif letter == "{":
            depth += 1
        elif letter == "}":
            depth -= 1
            if not depth:
                return at
        at += 1


def _selectors(prelude: str) -> list[str]:
    """The selectors of a rule; a comma inside `:is(…)` separates none."""
    found, depth = [""], 0
    for letter in prelude:
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and not depth:
            found.append("")
        else:
            found[-1] += letter
    return found
