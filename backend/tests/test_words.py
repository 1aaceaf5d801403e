"""The glossary of CONTRIBUTING holds in all words of ours: pages, mails, guides, help, docstrings, comments, tests.

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
    "a stay": re.compile(
        r"\b(an?|any|the|each|every|all|open|closed|forgotten|longest|finished) stays?\b(?! (as|in|on|with))",
        re.IGNORECASE,
    ),
    "by the program": re.compile(
        r"\bby the program\b(?!’s|'s)|\bthe program is (very )?busy\b", re.IGNORECASE
    ),
    "anew": re.compile(r"\banew\b", re.IGNORECASE),
    "for ever": re.compile(r"\bfor ever\b", re.IGNORECASE),
    "log in": re.compile(r"\b(log|logs|logged|logging)[ -](in|on)\b(?! (the|a|debug|info))", re.IGNORECASE),
}
# Where the word itself is the subject, or the sentence is another's.
ALLOWED = {
    "CONTRIBUTING.md": "the glossary lists the words it replaces",
    "backend/app/web/imports/mapping.py": "reads the headings of other people's files",
    "backend/app/demo/lessons": "patients of the demo school's lessons",
    "backend/tests/test_words.py": "holds the words themselves",
}

COMMENT = re.compile(r"(?:^|\s)# (.*)$")


def _texts() -> Iterator[tuple[str, int, str]]:
    """Every place where a person reads words of ours: file, line, text."""
    pages = [
        path
        for pattern in ("app/**/*.html", "app/**/*.txt", "app/**/*.typ")
        for path in BACKEND.glob(pattern)
        if "vendor" not in path.parts and "templates" in "/".join(path.parts)
    ]
    scripts = [path for path in BACKEND.glob("app/**/*.js") if "vendor" not in path.parts]
    guides = [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("script/*")]
    for path in pages + scripts + guides:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            yield str(path.relative_to(ROOT)), number, line
    for path in BACKEND.glob("app/**/*.py"):
        yield from _words_of_code(path, strings=True)
    # Strings there are what other people write, and names that the database once had.
    for path in [*BACKEND.glob("tests/**/*.py"), *BACKEND.glob("alembic/**/*.py")]:
        yield from _words_of_code(path, strings=False)


def _words_of_code(path: Path, *, strings: bool) -> Iterator[tuple[str, int, str]]:
    """Comments, docstrings and names of functions; a test's name is a sentence, with spaces for underscores."""
    text, name = path.read_text(), str(path.relative_to(ROOT))
    for number, line in enumerate(text.splitlines(), 1):
        if comment := COMMENT.search(line):
            yield name, number, comment[1]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield name, node.lineno, node.name.replace("_", " ")
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
            yield name, 1, ast.get_docstring(node) or ""
        if strings and isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield name, node.lineno, node.value


TEXTS = [text for text in _texts() if not text[0].startswith(tuple(ALLOWED))]


def test_the_texts_are_found() -> None:
    read = {path for path, _, _ in TEXTS}
    assert {"README.md", "docs/guides/student.md", "backend/app/web/errors.py"} <= read
    assert sum(path.endswith(".html") for path in read) > 50


@pytest.mark.parametrize("word", FORBIDDEN)
def test_a_word_of_the_glossary_is_not_used(word: str) -> None:
    found = [f"{path}:{line}: {text[:120]}" for path, line, text in TEXTS if FORBIDDEN[word].search(text)]
    assert not found, "\n".join(found)
