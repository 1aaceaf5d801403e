"""Tables of who may do what, kept as text: a name, and a mark for each kind of person.

`+` may, `.` may not. `own` is a student with things of their own, `other` a student with those of another one; the
instructor and the evaluator teach that other student. `internal` instead of marks is a function that asks nothing, as
its mark `@internal("why")` says.
"""

from pathlib import Path

from app.core.permissions import Duty

DUTIES = [duty.value for duty in Duty]
HERE = Path(__file__).parent
_WIDTH = 5


def read(name: str) -> dict[str, str]:
    """The rows of a table: the name and its marks, one a column, or the word `internal`."""
    rows = {}
    for line in (HERE / name).read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            what, _, marks = line.partition("|")
            what = " ".join(what.split())
            assert what not in rows, f"{what} stands in {name} twice"
            rows[what] = "".join(marks.split())
    return rows


def differences(expected: dict[str, str], found: dict[str, str]) -> str:
    """What to change in the table, as rows to paste; empty when nothing is."""
    lines = [f"- {name}" for name in expected if name not in found]
    lines += [row(name, marks) for name, marks in found.items() if expected.get(name) != marks]
    return "\n".join(lines)


def row(name: str, marks: str) -> str:
    """A row as it stands in the table."""
    shown = marks if marks == "internal" else "".join(mark.ljust(_WIDTH) for mark in marks)
    return f"{name.ljust(72)} | {shown}".rstrip()
