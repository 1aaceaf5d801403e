"""The glossary of CONTRIBUTING holds where people read: pages, mails, guides, messages, docstrings, commands' help.

Only what a pattern can judge is held here. "Program" and the verb "stay" have right uses, so they are for reviewers.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

BACKEND = Path(__file__).parents[1]
ROOT = BACKEND.parent

FORBIDDEN = {
    "e-mail": re.compile(r"\be-mails?\b", re.IGNORECASE),
    "she, her": re.compile(r"\b(she|hers?|herself)\b", re.IGNORECASE),
    "told": re.compile(r"\b(un)?told\b", re.IGNORECASE),
    "by the program": re.compile(
        r"\bby the program\b(?!’s|'s)|\bthe program is (very )?busy\b", re.IGNORECASE
    ),
    "anew": re.compile(r"\banew\b", re.IGNORECASE),
    "for ever": re.compile(r"\bfor ever\b", re.IGNORECASE),
    "a stay": re.compile(r"\b(a|any|every|open|forgotten|longest) stay\b|\bopen stays\b", re.IGNORECASE),
    "log in": re.compile(r"\b(log|logs|logged|logging)[ -](in|on)\b(?! (the|a|debug|info))", re.IGNORECASE),
}
# Where the word itself is the subject, or the sentence is another's.
ALLOWED = {
    "CONTRIBUTING.md": "the glossary lists the words it replaces",
    "docs/database.md": "written from the models, whose docstrings are read themselves",
    "backend/app/web/imports/mapping.py": "reads the headings of other people's files",
    "backend/app/demo": "quotations of the demo school's people",
}


def _texts() -> Iterator[tuple[str, int, str]]:
    """Every place where a person reads words of ours: file, line, text."""
    pages = [
        path
        for pattern in ("app/**/*.html", "app/**/*.txt", "app/**/*.typ")
        for path in BACKEND.glob(pattern)
        if "vendor" not in path.parts and "templates" in "/".join(path.parts)
    ]
    guides = [ROOT / "README.md", *ROOT.glob("docs/**/*.md")]
    for path in pages + guides:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            yield str(path.relative_to(ROOT)), number, line
    for path in BACKEND.glob("app/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield str(path.relative_to(ROOT)), node.lineno, node.value


TEXTS = [text for text in _texts() if not text[0].startswith(tuple(ALLOWED))]


def test_the_texts_are_found() -> None:
    read = {path for path, _, _ in TEXTS}
    assert {"README.md", "docs/guides/student.md", "backend/app/web/errors.py"} <= read
    assert sum(path.endswith(".html") for path in read) > 50


@pytest.mark.parametrize("word", FORBIDDEN)
def test_a_word_of_the_glossary_is_not_used(word: str) -> None:
    found = [f"{path}:{line}: {text[:120]}" for path, line, text in TEXTS if FORBIDDEN[word].search(text)]
    assert not found, "\n".join(found)
