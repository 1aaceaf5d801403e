"""Importing a file, by a worker."""

import procrastinate
import structlog
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.orm import Session

from app.core.constraints import explain
from app.core.errors import Problem
from app.core.files import FileMissing, open_store
from app.core.jobs import enqueue, jobs, task
from app.core.permissions import SYSTEM, Actor
from app.db.session import Database
from app.settings import Settings
from app.web.imports import description, queries, service

log = structlog.get_logger(__name__)
# A database that went away comes back: six attempts within ten minutes.
RETRY = procrastinate.RetryStrategy(
    max_attempts=6, exponential_wait=3, retry_exceptions={OperationalError, InterfaceError}
)
INTERRUPTED = (
    f"The system was interrupted while it imported the file. {service.NOTHING} Start the import again."
)


def begin(session: Session, import_id: int) -> None:
    """Have a queued import done, with the transaction that queued it."""
    enqueue(session, import_file, lock=f"import-{import_id}", import_id=import_id)


@task("web.import_file", queue="default", retry=RETRY)
def import_file(context: procrastinate.JobContext, import_id: int) -> None:
    """Import one queued file."""
    work(context.additional_context["database"], context.additional_context["settings"], import_id)


@jobs.periodic(cron="* * * * *", periodic_id="web.end_left_imports")
@task("web.end_left_imports")
def end_left_imports(context: procrastinate.JobContext, timestamp: int) -> None:
    """Say on imports that no job is at any more, that nothing was imported: each would be shown as running forever."""
    with context.additional_context["database"].begin() as session:
        for import_id in queries.left_queued(session):
            log.warning("imports.left", import_id=import_id, minute=timestamp)
            service.fail(session, import_id, INTERRUPTED)


def work(database: Database, settings: Settings, import_id: int) -> None:
    """Import one queued file in one transaction; why that was not possible stands on it afterwards."""

    def progress(done: int) -> None:
        # In a transaction of its own, so that the page sees it before the import is through.
        with database.begin() as aside:
            queries.note_progress(aside, import_id, done)

    try:
        with database.begin() as session:
            record = queries.one(session, import_id)
            if record is None or record.status != "queued":
                return
            actor = _actor(session, settings, record.created_by)
            if actor is None:
                service.fail(session, import_id, "Whoever started this import has no account any more.")
                return
            service.run(session, actor, settings, open_store(settings), import_id, progress)
    except Problem as problem:
        reason = problem.detail
    except FileMissing:
        reason = f"The file is no longer in the file store. {service.NOTHING} Send it again."
    except IntegrityError as error:
        constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
        known = explain(constraint)
        # Not the server's own words: their DETAIL quotes the row, with people's names and addresses.
        log.warning("imports.refused", import_id=import_id, constraint=constraint)
        why = known.detail if known else "The records contradict others that were made at the same moment."
        reason = f"{why} {service.NOTHING} Check the file again."
    except (OperationalError, InterfaceError):
        raise  # tried again
    except Exception:
        log.exception("imports.failed", import_id=import_id)
        reason = f"The system failed. {service.NOTHING} The reason is in the system log."
    else:
        return
    with database.begin() as session:
        service.fail(session, import_id, reason)


def _actor(session: Session, settings: Settings, user_id: int | None) -> Actor | None:
    """Whoever sent the file; a file that the command line sent is the system's."""
    return SYSTEM if user_id is None else description.actor_of(session, settings, user_id)
