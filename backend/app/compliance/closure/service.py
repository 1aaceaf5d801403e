"""The closure archive on request: the page's job with progress and a download that ends, and the operator's command."""

import os
import tempfile
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app.compliance.closure import archive, policy, queries
from app.compliance.closure.archive import Made
from app.core import clock, history, proof
from app.core.actions import Action
from app.core.errors import Conflict, NotFound, Problem
from app.core.files import FileStore, claims
from app.core.files.claims import Retention
from app.core.jobs import enqueue
from app.core.permissions import SYSTEM, Actor, Subject, internal
from app.db.models import ClosureArchive
from app.db.session import Database
from app.settings import Settings
from app.web.imports.description import actor_of

__all__ = ["export_to", "open_archive", "recent", "start", "work"]

KEPT = timedelta(days=6)
"""How long an archive can be downloaded; temporary files stay for a week at most."""
ROOM = "compliance.closure"


def recent(session: Session, subject: Subject) -> Sequence[Any]:
    """The archives that were asked for last, with who asked. Raises Forbidden."""
    policy.require_read(subject)
    return queries.recent(session)


def start(session: Session, subject: Subject) -> ClosureArchive:
    """Have a worker make the archive. Raises ProofRequired, Forbidden, Conflict while one is being made."""
    policy.require_export(subject)
    proof.require(subject, Action.CLOSURE_REQUESTED, {})
    if (left := queries.left_alone(session)) is not None:
        _end(session, SYSTEM, left, "The system stopped while it made this archive. Make it again.")
    if queries.under_way(session) is not None:
        raise Conflict(
            "An archive is being made at this moment. Nothing was started; this page shows how far it is."
        )
    row = ClosureArchive(asked_by=subject.user_id)
    queries.add(session, row)
    history.record(session, subject, Action.CLOSURE_REQUESTED, row.id)
    from app.compliance.closure.jobs import make_archive  # noqa: PLC0415 - the job calls this room

    enqueue(session, make_archive, lock="closure", archive_id=row.id)
    return row


def open_archive(session: Session, subject: Subject, archive_id: int, files: FileStore) -> ClosureArchive:
    """The archive that is in the store, for its download, which the history records.

    Raises ProofRequired, Forbidden, NotFound also when it has expired.
    """
    policy.require_export(subject)
    row = queries.find(session, archive_id)
    if row is None or row.sha256 is None:
        raise NotFound(policy.NO_ARCHIVE)
    if (row.expires_at is not None and row.expires_at <= clock.now()) or not files.exists(row.sha256):
        raise NotFound("This archive has expired. Make a new one.")
    history.record(session, subject, Action.CLOSURE_DOWNLOADED, row.id, sha256=row.sha256)
    return row


@internal("the worker’s part of what a person was allowed to ask for")
def work(database: Database, files: FileStore, settings: Settings, archive_id: int) -> None:
    """Make an archive that was asked for; begun again after a killed worker, from the beginning."""
    with database.begin() as session:
        row = queries.find(session, archive_id, lock=True)
        if row is None or row.finished_at is not None:
            return
        actor = SYSTEM if row.asked_by is None else actor_of(session, settings, row.asked_by)
        if actor is None or not policy.may_export(actor):
            _end(session, SYSTEM, row, "The person who asked for this archive may no longer make one.")
            return

    def report(done: int, total: int) -> None:
        with database.begin() as session:
            queries.note_progress(session, archive_id, done, total)

    try:
        with tempfile.TemporaryFile() as target:
            made = archive.write(database, files, settings, target, actor.full_name, report)
            stored = files.put(target)
        with database.begin() as session:
            row = queries.find(session, archive_id, lock=True)
            if row is None or row.finished_at is not None:
                return
            row.finished_at = clock.now()
            row.sha256, row.size_bytes, row.files = stored.sha256, stored.size, made.files
            row.expires_at = row.finished_at + KEPT
            row.missing = made.missing
            session.flush()
            claims.claim(
                session,
                stored,
                room=ROOM,
                row=row.id,
                retention=Retention.TEMPORARY,
                media_type="application/zip",
            )
            _record(session, actor, archive_id, made)
    except Problem as problem:
        _give_up(database, actor, archive_id, problem.detail)
    except Exception as error:
        _give_up(
            database,
            actor,
            archive_id,
            f"The system failed ({type(error).__name__}). Make the archive again.",
        )
        raise


@internal("the operator’s command, which may anyway")
def export_to(
    database: Database,
    subject: Actor,
    files: FileStore,
    settings: Settings,
    output: Path,
    report: Callable[[int, int], None] = lambda _done, _total: None,
) -> tuple[Path, Made]:
    """Write the archive to a file, or into a folder under a name with the day; the path, and what is in it.

    The file has its name when it is whole and on the disk, and not before. Raises Forbidden, OSError.
    """
    policy.require_export(subject)
    path = output / f"closure-{clock.today(settings.zone):%Y-%m-%d}.zip" if output.is_dir() else output
    # A name nobody can guess, readable by the operator alone: it holds everybody's records.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".unfinished", dir=path.parent)
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "w+b") as target:
            made = archive.write(database, files, settings, target, subject.full_name, report)
            target.flush()
            os.fsync(target.fileno())
        with database.begin() as session:
            _record(session, subject, None, made)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return path, made


def _record(session: Session, actor: Actor, archive_id: int | None, made: Made) -> None:
    history.record(
        session,
        actor,
        Action.CLOSURE_EXPORTED,
        archive_id,
        students=made.students,
        transcripts=made.transcripts,
        record_copies=made.record_copies,
        credentials=made.credentials,
        missing=len(made.missing),
        sha256=made.sha256,
    )


def _give_up(database: Database, actor: Actor, archive_id: int, problem: str) -> None:
    with database.begin() as session:
        row = queries.find(session, archive_id, lock=True)
        if row is not None and row.finished_at is None:
            _end(session, actor, row, problem)


def _end(session: Session, actor: Actor, row: ClosureArchive, problem: str) -> None:
    row.finished_at, row.problem = clock.now(), problem
    session.flush()
    history.record(session, actor, Action.CLOSURE_FAILED, row.id, reason=problem)
