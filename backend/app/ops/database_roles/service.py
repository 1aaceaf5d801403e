"""Bringing a database to its roles, and what each may, for a person."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL

from app.core.permissions import internal
from app.db.session import libpq_url
from app.ops.database_roles.kinds import BACKUP, BY_NAME, KINDS, MIGRATOR, MONITOR, Kind
from app.ops.database_roles.plan import Connection, Place, Step, place_of, plan, wanted
from app.ops.errors import OperatorError
from app.ops.servers import connect
from app.settings import Settings

_NEW = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
_ROUNDS = 3
"""A role that was made has rights to be given next; the third time nothing is left."""


@dataclass
class Done:
    """What became of a plan."""

    steps: list[Step] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """Statements that the owner may not run, for the server's administrator."""
    made: list[str] = field(default_factory=list)
    """Roles with a password that is in the file."""


@internal("the operator’s command, and what it says")
def look(settings: Settings) -> tuple[Place, list[Step]]:
    """How the database stands, and what differs. Changes nothing."""
    with connect(settings) as connection:
        return place_of(connection), plan(connection)


@internal("the operator’s command, and what it says")
def bring(settings: Settings, passwords: Path, renew: Sequence[str] = (), *, apply: bool = True) -> Done:
    """Make and repair the roles; addresses with the passwords of those that were made go into a new file.

    Without `apply` the roles of `renew` get other passwords, and nothing else is changed.

    Each statement stands alone: what the owner may not do is left out and given back. Raises OperatorError where the
    file is there already or cannot be written; then nothing was changed.
    """
    unknown = [name for name in renew if name not in BY_NAME or BY_NAME[name].made_by_migrations]
    if unknown:
        others = ", ".join(kind.name for kind in KINDS if not kind.made_by_migrations)
        raise OperatorError(f"{unknown[0]} is none of the roles that get a password here: {others}.")
    done = Done()
    with connect(settings) as connection:
        connection.autocommit = True
        for name in () if apply else renew:
            if connection.execute("SELECT to_regrole(%s)", (name,)).fetchone() == (None,):
                raise OperatorError(
                    f"There is no role {name} yet: make it with `aada db roles --apply`. Nothing was changed."
                )
        first = plan(connection) if apply else []
        keys = _Keys(passwords, settings.owner_database_url)
        try:
            if renew or any(step.makes for step in first):
                keys.open()
            for _ in range(_ROUNDS if apply else 0):
                steps = [step for step in plan(connection) if _text(connection, step) not in done.refused]
                if not steps:
                    break
                for step in steps:
                    _take(connection, step, done, keys)
            if apply:
                _note_left(connection, done)
            for name in renew:
                _renew(connection, name, done, keys)
        finally:
            keys.close()
    return done


@internal("the operator’s command, and what it says")
def repair(settings: Settings) -> list[Step]:
    """After migrations: the rights of roles that are there on tables that have come. Makes no role.

    What was left to do where the owner may not do it.
    """
    with connect(settings) as connection:
        connection.autocommit = True
        there = {str(row[0]) for row in connection.execute("SELECT rolname FROM pg_roles")}
        if not any(kind.name in there for kind in KINDS if not kind.made_by_migrations):
            return []
        left = []
        for step in plan(connection):
            if step.role not in there or not step.on_tables:
                continue
            try:
                connection.execute(step.statement)
            except psycopg.errors.InsufficientPrivilege:
                left.append(step)
        return left


@internal("the operator’s command, and what it says")
def what_repair_leaves(settings: Settings) -> list[str]:
    """Repair, and say of each thing that is left where it is shown: a line each."""
    return [f"not mended, see `aada db roles`: {step.role} {step.says}" for step in repair(settings)]


@internal("the operator’s command, and what it says")
def what_each_may(place: Place) -> list[Kind]:
    """The roles that this database has or is to have."""
    return list(wanted(place))


def _take(connection: Connection, step: Step, done: Done, keys: _Keys) -> None:
    statement, key = step.statement, ""
    if step.makes:
        key = secrets.token_urlsafe(24)
        # The server is given the verifier, never the password, so that no statement log can hold it.
        statement += sql.SQL(" PASSWORD {}").format(_verifier(connection, step.role, key))
    try:
        with keys.kept(step.role, key) if step.makes else nullcontext():
            connection.execute(statement)
    except psycopg.errors.InsufficientPrivilege:
        done.refused.append(_text(connection, step))
        return
    except psycopg.errors.UndefinedObject:
        return  # of a role that could not be made; that statement was given back
    done.steps.append(step)
    if step.makes:
        done.made.append(step.role)


def _note_left(connection: Connection, done: Done) -> None:
    """What is left after the rounds was not refused aloud: PostgreSQL only warns of a right that it does not give."""
    left = [_text(connection, step) for step in plan(connection)]
    done.steps = [step for step in done.steps if _text(connection, step) not in left]
    done.refused += [line for line in left if line not in done.refused]


def _renew(connection: Connection, name: str, done: Done, keys: _Keys) -> None:
    if name in done.made:
        return
    key = secrets.token_urlsafe(24)
    statement = sql.SQL("ALTER ROLE {} PASSWORD {}").format(
        sql.Identifier(name), _verifier(connection, name, key)
    )
    try:
        with keys.kept(name, key):
            connection.execute(statement)
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedObject):
        done.refused.append(f"ALTER ROLE {name} PASSWORD '…'")
        return
    done.made.append(name)


def _verifier(connection: Connection, role: str, key: str) -> sql.Literal:
    return sql.Literal(
        connection.pgconn.encrypt_password(key.encode(), role.encode(), b"scram-sha-256").decode("ascii")
    )


def _text(connection: Connection, step: Step) -> str:
    return step.statement.as_string(connection) + (" PASSWORD '…'" if step.makes else "")


class _Keys:
    """The file with the passwords: new, for its owner alone, and gone again where there was none to write."""

    def __init__(self, path: Path, url: URL) -> None:
        self._path, self._url, self._kept = path, url, 0
        self._handle: int | None = None

    def open(self) -> None:
        try:
            self._handle = os.open(self._path, _NEW, 0o600)
        except FileExistsError as error:
            raise OperatorError(
                f"{self._path} is there already: name another file for the passwords. Nothing was changed."
            ) from error
        except OSError as error:
            raise OperatorError(
                f"{self._path} cannot be written ({error.strerror}): name another file for the passwords. Nothing was "
                "changed."
            ) from error

    @contextmanager
    def kept(self, role: str, key: str) -> Iterator[None]:
        """On the disk before the server has it, which does not say it again; out of the file where it refuses it."""
        line = self._line(role, key).encode()
        if self._handle is None:
            raise ValueError("the file was not opened")
        before = os.fstat(self._handle).st_size
        try:
            self._write(line)
            os.fsync(self._handle)
        except OSError as error:
            os.ftruncate(self._handle, before)
            raise OperatorError(
                f"{self._path} cannot be written ({error.strerror}), so {role} got no password. What the file has "
                "holds; run the command again with another file."
            ) from error
        self._kept += 1
        try:
            yield
        except psycopg.Error as error:
            # A connection that broke off says nothing of what the server did.
            if error.sqlstate is not None:
                os.ftruncate(self._handle, before)
                self._kept -= 1
            raise

    def _write(self, line: bytes) -> None:
        while self._handle is not None and line:
            line = line[os.write(self._handle, line) :]

    def _line(self, role: str, key: str) -> str:
        address = libpq_url(self._url.set(username=role, password=key))
        name = BY_NAME[role].setting
        comment = {
            MIGRATOR: "# In the place of the owner's, for migrations: `aada db migrate`",
            MONITOR: "# For /metrics, and for a Prometheus exporter",
            BACKUP: "# For `aada backup stream`, `aada db dump`, and PostgreSQL's own programs",
        }.get(role, "# For reports by other programs; the system itself does not use it")
        return f"{comment}\n{name + '=' if name else '# ' + role + ': '}{address}\n"

    def close(self) -> None:
        if self._handle is None:
            return
        os.close(self._handle)
        if not self._kept:
            self._path.unlink(missing_ok=True)
