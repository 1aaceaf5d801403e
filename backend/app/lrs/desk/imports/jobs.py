"""Taking in files, later; and beginning again what a process that died left in the middle."""

import procrastinate
import structlog

from app.core.files import FileMissing, open_store
from app.core.installation import installation
from app.core.jobs import enqueue, jobs, task
from app.lrs.desk.imports import runner

log = structlog.get_logger(__name__)
# Six attempts within half an hour.
RETRY = procrastinate.RetryStrategy(max_attempts=5, exponential_wait=4)
NO_RETRY = procrastinate.RetryStrategy(max_attempts=1)


@task("lrs.import", queue="lrs", retry=RETRY)
def take_in_file(context: procrastinate.JobContext, *, import_id: int) -> None:
    """Take in a file that was sent."""
    database, settings = context.additional_context["database"], context.additional_context["settings"]
    try:
        with database.begin() as session:
            home_page = installation(session).home_page
        runner.work(database, home_page, open_store(settings), import_id)
    except FileMissing:
        runner.give_up(database, import_id, "The file is no longer in the file store. Upload it again.")
    except Exception:
        log.exception("xapi.import_failed", import_id=import_id)
        if context.job.attempts >= (RETRY.max_attempts or 0):
            runner.give_up(
                database,
                import_id,
                "The import failed every time it was tried. What was imported so far is saved. Upload "
                "the file again; if it fails again, see the system log for the reason.",
            )
        raise


@jobs.periodic(cron="*/5 * * * *", periodic_id="lrs.resume_imports")
@task("lrs.resume_imports", queue="lrs", retry=NO_RETRY)
def resume_imports(context: procrastinate.JobContext, timestamp: int) -> None:
    """Begin again, or end, what nobody is at any more."""
    with context.additional_context["database"].begin() as session:
        for import_id in runner.resume(session):
            log.warning("xapi.import_resumed", import_id=import_id, minute=timestamp)
            enqueue(session, take_in_file, import_id=import_id)
