"""All checks: run for an operator, at the start in production, and every night."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import psycopg
import structlog
from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.core import clock, history
from app.core.actions import Action
from app.core.permissions import SYSTEM
from app.db.session import Database
from app.ops.doctor import (
    addresses,
    backups,
    database,
    email,
    helpers,
    machine,
    payments,
    pooler,
    scanner,
    secrets,
    students,
)
from app.ops.doctor.findings import Check, Connection, Finding, Installation, Level, problem
from app.ops.errors import OperatorError
from app.ops.servers import connect, database_server, embedded_server, is_embedded
from app.settings import Settings, SettingsError, get_settings, inspect_settings

CHECKS: tuple[Check, ...] = (
    addresses.environment,
    addresses.https,
    addresses.hosts,
    addresses.proxies,
    addresses.reached,
    secrets.guessable,
    secrets.two_places,
    secrets.certificates,
    secrets.sealed,
    secrets.age,
    database.version,
    database.revision,
    database.role,
    database.owner,
    database.others,
    students.own_rows,
    database.demo,
    pooler.between,
    helpers.rights,
    helpers.as_planned,
    helpers.standby,
    machine.time,
    machine.disk,
    machine.zone_data,
    machine.files,
    email.email,
    scanner.answers,
    payments.configured,
    backups.age,
    backups.drilled,
    backups.copied,
    backups.streamed,
)
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the checks found when they last ran: everything that is not ok."""

    at: datetime
    findings: list[Finding]
    looked_at: int
    """How many findings there were in all."""

    @property
    def problems(self) -> int:
        return sum(one.level is Level.PROBLEM for one in self.findings)


def examine(known: Installation, checks: Sequence[Check] = CHECKS) -> list[Finding]:
    """Run the checks, each by itself: one that fails says so, and the others go on. Changes nothing."""
    found = [
        problem("Settings", says, "Correct it in .env or in the environment.")
        for says in known.wrong.values()
    ]
    for check in checks:
        try:
            found += list(check(known))
        except Exception as error:
            reason = " ".join(str(error).split())[:300] or type(error).__name__
            name = check.__name__.replace("_", " ").capitalize()
            found.append(
                problem(name, f"This check failed ({reason}).", "See whether another finding explains it.")
            )
        if known.database is not None and not known.database.closed:
            known.database.rollback()
    return found


def examine_everything(
    settings: Settings, wrong: dict[str, str], recipient: str | None = None
) -> list[Finding]:
    """What `aada doctor` shows, the database being joined, started, or away: the rest is checked without it."""
    known = Installation(settings, wrong, recipient=recipient)
    unknown = not_to_be_joined(settings, wrong)
    if unknown is not None:
        return [*examine(known), unknown]
    try:
        with database_server(settings) as (ready, server), _as_the_system(ready) as connection:
            return examine(
                replace(
                    known,
                    settings=_of_the_school(ready, connection),
                    database=connection,
                    embedded=server is not None,
                )
            )
    except (OperatorError, SettingsError, OSError, psycopg.Error) as error:
        said = isinstance(error, OperatorError | SettingsError)
        says = str(error) if said else f"It cannot be used ({_first_line(error)})."
        do = "Until it answers, what is in it cannot be checked: role, migrations, demo data, certificates."
        return [*examine(known), problem("Database", says, do)]


def not_to_be_joined(settings: Settings, wrong: dict[str, str]) -> Finding | None:
    """Why no database is asked: checking must neither start another one than the school's nor make one."""
    unclear = [name.upper() for name in ("database_url", "data_dir") if name in wrong]
    if unclear:
        says = f"It was not looked for, because {' and '.join(unclear)} cannot be read."
        return problem("Database", says, "Correct the setting, then run: aada doctor")
    if settings.database_url is None and not embedded_server(settings).data.exists():
        return problem(
            "Database",
            f"There is none yet: DATABASE_URL is not set, and nothing is kept below {settings.data_dir}.",
            "The first start makes one. If the school has one, correct DATA_DIR or set DATABASE_URL.",
        )
    return None


def settings_to_serve() -> Settings:
    """The settings, to serve with. Those that production refuses are refused together with all else it refuses.

    Raises SettingsError and OperatorError.
    """
    try:
        return get_settings()
    except SettingsError:
        settings, wrong = inspect_settings()
        if settings.environment != "production":
            raise
        known = Installation(settings, wrong, network=False)
        # The embedded server is not started for settings that start nothing.
        with ExitStack() as stack:
            if settings.database_url is not None:
                with suppress(OperatorError, SettingsError):
                    known = replace(known, database=stack.enter_context(_as_the_system(settings)))
            found = examine(known)
        refuse([replace(one, refuses=True) if one.check == "Settings" else one for one in found])
        raise


def require_safe_start(settings: Settings, *, demo: bool = False) -> None:
    """In production, refuse to start where records would be open to others: all reasons in one message.

    Whatever else is not well is logged. Raises OperatorError.
    """
    if settings.environment != "production":
        return
    with _as_the_system(settings) as connection:
        found = examine(_at_work(settings, connection, network=False))
    if demo:
        found.append(
            problem(
                "Demo data", "--demo adds people with a known password.", "Leave --demo out.", refuses=True
            )
        )
    refuse(found)
    for one in found:
        if one.level is not Level.OK:
            report = log.error if one.level is Level.PROBLEM else log.warning
            report("doctor.found", check=one.check, says=one.says, remedy=one.do)


def refuse(found: Sequence[Finding]) -> None:
    """Raise OperatorError with everything that is too dangerous to start with."""
    dangers = [one for one in found if one.refuses]
    if dangers:
        lines = "".join(f"\n  - {one.check}: {one.says} {one.do}" for one in dangers)
        raise OperatorError(
            f"The system does not start in production with {'this' if len(dangers) == 1 else f'these {len(dangers)}'}. "
            f"Nothing was changed.{lines}"
        )


# The outcome, kept in the history


def record(session: Session, found: Sequence[Finding], *, alert: bool) -> None:
    """Keep the outcome; with `alert`, mail the administrators about problems that they were not mailed about yet."""
    before = history.latest(session, Action.CHECKS_COMPLETED)
    known = set(before.details["alerted"]) if before else set()
    problems = {one.key: one for one in found if one.level is Level.PROBLEM}
    new = [one for key, one in problems.items() if key not in known]
    alerted = problems if alert else [key for key in problems if key in known]
    history.record(
        session,
        SYSTEM,
        Action.CHECKS_COMPLETED,
        None,
        looked_at=len(found),
        findings=[_kept(one) for one in found if one.level is not Level.OK],
        alerted=list(alerted),
    )
    if alert and new:
        accounts.alert_administrators(session, "checks_failed", clock.now(), problems=new)


def last_outcome(session: Session) -> Outcome | None:
    """What the checks found last; None while they have never run."""
    found = history.latest(session, Action.CHECKS_COMPLETED)
    if found is None:
        return None
    rows = [
        Finding(row["check"], Level(row["level"]), row["says"], row["do"])
        for row in found.details["findings"]
    ]
    return Outcome(found.at, rows, found.details["looked_at"])


def check_tonight(settings: Settings, database: Database) -> None:
    """The nightly job: check, keep the outcome, alert."""
    with _as_the_system(settings) as connection:
        found = examine(_at_work(settings, connection))
    with database.begin() as session:
        record(session, found, alert=True)


def _kept(one: Finding) -> dict[str, Any]:
    return {name: str(value) for name, value in asdict(one).items() if name != "refuses"}


def _at_work(settings: Settings, connection: Connection, *, network: bool = True) -> Installation:
    """An installation that serves; its settings name the embedded server as any other."""
    return Installation(settings, database=connection, embedded=is_embedded(settings), network=network)


@contextmanager
def _as_the_system(settings: Settings) -> Iterator[Connection]:
    with connect(settings, settings.app_database_url) as connection:
        yield connection


def _of_the_school(settings: Settings, connection: Connection) -> Settings:
    """With the school's own zone and name, once there is a school."""
    try:
        row = connection.execute("SELECT time_zone, legal_name FROM school").fetchone()
    except psycopg.Error:
        row = None
    connection.rollback()
    if row is None:
        return settings
    return settings.model_copy(update={"school_timezone": row[0], "school_name": row[1]})


def _first_line(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error).strip().split("\n")[0][:200]
