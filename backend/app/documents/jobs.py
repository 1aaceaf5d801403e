"""What the documents room does later."""

from typing import Any

from app.core import clock
from app.core.files import open_store
from app.core.jobs import jobs, task
from app.documents import fixity, numbers
from app.documents.keys import service as keys


@jobs.periodic(cron="23 * * * *", periodic_id="documents.give_up_abandoned")
@task("documents.give_up_abandoned")
def give_up_abandoned(context: Any, timestamp: int) -> None:
    """Make void what a stopped server left reserved, and renew certificates before they end."""
    known = context.additional_context
    with known["database"].begin() as session:
        numbers.give_up_abandoned(session, clock.now())
        keys.ensure(session, known["settings"])


@jobs.periodic(cron="31 2 * * *", periodic_id="documents.check_files")
@task("documents.check_files")
def check_files(context: Any, timestamp: int) -> None:
    """Read every byte of every issued file, every night. A fault stands on Operations and is mailed."""
    known = context.additional_context
    fixity.check_files(known["database"], open_store(known["settings"]))
