"""docs/security.md goes through every requirement of OWASP ASVS 5.0.0, levels 1 and 2, and what it names exists."""

import ast
import re
from functools import lru_cache
from pathlib import Path

import pytest

BACKEND = Path(__file__).parents[1]
ROOT = BACKEND.parent
PAGE = ROOT / "docs" / "security.md"

# Section and numbers of every requirement of levels 1 and 2 (level 3 stands in the gaps).
REQUIREMENTS = """
1.1:1-2 1.2:1-9 1.3:1-11 1.4:1-3 1.5:1-2 2.1:1-3 2.2:1-3 2.3:1-4 2.4:1 3.2:1-2 3.3:1-4 3.4:1-6 3.5:1-5
3.7:1-2 4.1:1-3 4.2:1 4.3:1-2 4.4:1-4 5.1:1 5.2:1-3 5.3:1-2 5.4:1-3 6.1:1-3 6.2:1-12 6.3:1-4 6.4:1-4
6.5:1-5 6.6:1-3 6.8:1-4 7.1:1-3 7.2:1-4 7.3:1-2 7.4:1-5 7.5:1-2 7.6:1-2 8.1:1-2 8.2:1-3 8.3:1 8.4:1
9.1:1-3 9.2:1-4 10.1:1-2 10.2:1-2 10.3:1-4 10.4:1-11 10.5:1-5 10.6:1-2 10.7:1-3 11.1:1-2 11.2:1-3
11.3:1-3 11.4:1-4 11.5:1 11.6:1 12.1:1-3 12.2:1-2 12.3:1-4 13.1:1 13.2:1-5 13.3:1-2 13.4:1-5 14.1:1-2
14.2:1-4 14.3:1-3 15.1:1-3 15.2:1-3 15.3:1-7 16.1:1 16.2:1-5 16.3:1-4 16.4:1-3 16.5:1-3 17.1:1 17.2:1-4
17.3:1-2
"""
LEVEL_1 = """
1.2.1 1.2.2 1.2.3 1.2.4 1.2.5 1.3.1 1.3.2 1.5.1 2.1.1 2.2.1 2.2.2 2.3.1 3.2.1 3.2.2 3.3.1 3.4.1 3.4.2
3.5.1 3.5.2 3.5.3 4.1.1 4.4.1 5.2.1 5.2.2 5.3.1 5.3.2 6.1.1 6.2.1 6.2.2 6.2.3 6.2.4 6.2.5 6.2.6 6.2.7
6.2.8 6.3.1 6.3.2 6.4.1 6.4.2 7.2.1 7.2.2 7.2.3 7.2.4 7.4.1 7.4.2 8.1.1 8.2.1 8.2.2 8.3.1 9.1.1 9.1.2
9.1.3 9.2.1 10.4.1 10.4.2 10.4.3 10.4.4 10.4.5 11.3.1 11.3.2 11.4.1 12.1.1 12.2.1 12.2.2 13.4.1 14.2.1
14.3.1 15.1.1 15.2.1 15.3.1
"""

ROW = re.compile(
    r"^\| (V\d+\.\d+\.\d+) \| ([12]) \| (.+?) \| (met|\*\*not met\*\*|not applicable) \| (.*) \|$"
)
ID = re.compile(r"^\| (V\d+\.\d+\.\d+) ", re.MULTILINE)
PATH = re.compile(
    r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:md|yml|toml|lock)|Dockerfile|\.dockerignore|\.env\.example)`"
)
NAME = re.compile(r"`(test_\w+)`")


def _ids() -> list[str]:
    found = []
    for part in REQUIREMENTS.split():
        section, _, numbers = part.partition(":")
        for run in numbers.split(","):
            first, _, last = run.partition("-")
            found += [f"V{section}.{number}" for number in range(int(first), int(last or first) + 1)]
    return found


def _rows() -> dict[str, tuple[str, str, str]]:
    """Level, status and what shows it, by requirement."""
    found = [ROW.match(line) for line in PAGE.read_text().splitlines()]
    return {row[1]: (row[2], row[4].strip("*"), row[5]) for row in found if row}


def _there(path: str) -> Path | None:
    return next((place for place in (ROOT / path, BACKEND / path) if place.exists()), None)


@lru_cache
def _tests_in(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_requirement_is_listed_once_in_its_order() -> None:
    ids = _ids()
    assert len(ids) == 253
    assert ID.findall(PAGE.read_text()) == ids
    rows = _rows()
    assert list(rows) == ids
    assert {name for name, row in rows.items() if row[0] == "1"} == {
        f"V{number}" for number in LEVEL_1.split()
    }


def test_every_row_says_what_shows_it_or_why_not() -> None:
    wrong = {}
    for name, (_level, status, shown) in _rows().items():
        if status == "not met":
            fine = re.search(r"[Rr]eason( for the rest)?: \S.{20,}", shown) is not None
        elif status == "met":
            fine = bool(PATH.search(shown) or "](" in shown or "the same" in shown)
        else:
            fine = bool(shown)
        if not fine:
            wrong[name] = shown
    assert not wrong


def test_the_page_counts_right() -> None:
    statuses = [row[1] for row in _rows().values()]
    counted = " ".join(PAGE.read_text().split())
    assert (
        f"{statuses.count('met')} are met, {statuses.count('not applicable')} are not applicable" in counted
    )
    assert f"{statuses.count('not met')} are not met or not met in part" in counted


@pytest.mark.parametrize("page", ["docs/security.md", "docs/threat-model.md", "SECURITY.md"])
def test_every_file_and_test_that_is_named_exists(page: str) -> None:
    wrong = []
    for line in (ROOT / page).read_text().splitlines():
        places = {path: _there(path) for path in PATH.findall(line) if not path.startswith("DATA_DIR/")}
        wrong += [path for path, place in places.items() if place is None]
        known = {
            name for place in places.values() if place and place.suffix == ".py" for name in _tests_in(place)
        }
        wrong += [name for name in NAME.findall(line) if name not in known]
    assert not wrong
