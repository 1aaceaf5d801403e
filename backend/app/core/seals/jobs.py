"""Sealing goes on by itself: every minute, with a note outside every hour, and everything is read again every night."""

from typing import Any

import structlog

from app.core import timestamps
from app.core.jobs import jobs, task
from app.core.seals import service

log = structlog.get_logger(__name__)


@jobs.periodic(cron="* * * * *", periodic_id="history.seal")
@task("history.seal")
def seal(context: Any, timestamp: int) -> None:
    """Seal what was written, one transaction a seal."""
    database = context.additional_context["database"]
    more = True
    while more:
        with database.begin() as session:
            more = service.seal(session) >= service.MOST_ENTRIES


@jobs.periodic(cron="7 * * * *", periodic_id="history.note_seal")
@task("history.note_seal")
def note_seal(context: Any, timestamp: int) -> None:
    """Note the newest seal in the data directory, with a time stamp where the settings name an authority."""
    settings = context.additional_context["settings"]
    with context.additional_context["database"].begin() as session:
        newest = service.latest(session)
    if newest is not None:
        service.write_note(settings.data_dir / service.NOTES, newest, timestamps.authority(settings))


@jobs.periodic(cron="11 1 * * *", periodic_id="history.verify")
@task("history.verify")
def verify(context: Any, timestamp: int) -> None:
    """Read the whole history against its seals. A fault stands on the Audit page and is mailed to administrators."""
    notes = context.additional_context["settings"].data_dir / service.NOTES
    trusted = timestamps.roots(context.additional_context["settings"])
    with context.additional_context["database"].begin() as session:
        found = service.check(session, notes, trusted)
    for fault in found.faults:
        log.error("history_was_changed", fault=fault.sentence)
