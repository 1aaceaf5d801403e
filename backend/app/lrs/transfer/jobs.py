"""Taking in files, later."""

import procrastinate

from app.core.files import FileMissing, open_store
from app.core.jobs import task
from app.lrs.transfer import taking


@task("lrs.import", queue="lrs")
def take_in_file(context: procrastinate.JobContext, *, import_id: int) -> None:
    """Take in a file that was sent."""
    database, settings = context.additional_context["database"], context.additional_context["settings"]
    try:
        taking.work(database, settings.app_origin, open_store(settings), import_id)
    except FileMissing:
        taking.give_up(database, import_id, "The file is no longer in the file store. Send it again.")
