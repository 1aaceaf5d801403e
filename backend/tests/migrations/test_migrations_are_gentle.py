"""Migrations do not stop the school: squawk reads their SQL."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.migrations.alembic_commands import BACKEND, revisions

FIRST_RELEASE = "head"  # version 1.0 puts its newest revision here; what follows is held to the stricter list

# Always: the documented tables have these types.
BY_THE_DOCUMENTED_TABLES = [
    "prefer-bigint-over-int",  # keys are INTEGER as documented; tables that grow forever have BIGINT
    "prefer-identity",  # keys are documented as auto-incrementing, which SQLAlchemy makes as SERIAL
    "prefer-bigint-over-smallint",  # codes with a handful of values
    "prefer-text-field",  # VARCHAR(255) and its like are documented; alembic_version is Alembic's own
]
# Up to the first release no school has rows, so that a lock on a table lasts no time.
WHILE_THE_TABLES_ARE_EMPTY = [
    "adding-field-with-default",
    "adding-foreign-key-constraint",
    "adding-not-nullable-field",
    "constraint-missing-not-valid",
    "disallowed-unique-constraint",
    "require-concurrent-index-creation",
]


@pytest.mark.parametrize(
    ("start", "end", "excluded"),
    [
        ("0005", FIRST_RELEASE, BY_THE_DOCUMENTED_TABLES + WHILE_THE_TABLES_ARE_EMPTY),
        (FIRST_RELEASE, "head", BY_THE_DOCUMENTED_TABLES),
    ],
)
def test_squawk_has_nothing_to_say(tmp_path: Path, start: str, end: str, excluded: list[str]) -> None:
    if start in ("head", revisions()[-1]):
        pytest.skip("there is no migration after the first release yet")
    made = subprocess.run(
        [sys.executable, "-W", "error", "-m", "alembic", "upgrade", f"{start}:{end}", "--sql"],
        cwd=BACKEND, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert made.stdout.startswith("SET lock_timeout")
    script = tmp_path / "migrations.sql"
    script.write_text(made.stdout, encoding="utf-8")
    squawk = shutil.which("squawk", path=str(Path(sys.executable).parent))
    assert squawk, "squawk-cli is not installed: run script/setup"
    lint = subprocess.run(
        [squawk, "--pg-version", "17.0", "--reporter", "gcc", *(f"--exclude={rule}" for rule in excluded), str(script)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert lint.returncode == 0, lint.stdout + lint.stderr
