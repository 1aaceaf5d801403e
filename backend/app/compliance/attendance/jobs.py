"""What attendance does later."""

from typing import Any

import structlog

from app.compliance.attendance.absences import service as absences
from app.compliance.attendance.kiosk import queries as kiosk
from app.compliance.attendance.kiosk import settling
from app.compliance.attendance.roster import service as rosters
from app.compliance.attendance.standings import service as standings
from app.compliance.attendance.totals import service as totals
from app.core import clock
from app.core.jobs import jobs, task
from app.school import service as school

log = structlog.get_logger(__name__)


@jobs.periodic(cron="27 2 * * *", periodic_id="attendance.check_totals")
@task("attendance.check_totals")
def check_totals(context: Any, timestamp: int) -> None:
    """Compare the totals with the records, every night; a difference stands on the Operations page."""
    with context.additional_context["database"].begin() as session:
        found = totals.check(session)
    if found.differences:
        log.error("attendance_totals_differ", differences=found.differences, first=found.named[0])


@jobs.periodic(cron="*/5 * * * *", periodic_id="attendance.settle_rosters")
@task("attendance.settle_rosters")
def settle_rosters(context: Any, timestamp: int) -> None:
    """Work out the hours of class meetings that are over, from what their rosters say; who was
    excused beforehand is marked so first."""
    with context.additional_context["database"].begin() as session:
        zone = school.facts(session).zone
        absences.apply_due(session, zone)
        rosters.settle_due(session, zone)


@jobs.periodic(cron="*/5 * * * *", periodic_id="attendance.give_up_gaps")
@task("attendance.give_up_gaps")
def give_up_gaps(context: Any, timestamp: int) -> None:
    """Settle punches of kiosks that waited long enough for earlier ones; each kiosk in a transaction of its own."""
    database = context.additional_context["database"]
    with database.begin() as session:
        zone = school.facts(session).zone
        waiting = kiosk.held_since(session, clock.now() - settling.GIVEN_UP_AFTER)
    for kiosk_id in waiting:
        with database.begin() as session:
            settling.give_up_gap(session, kiosk_id, zone)


@jobs.periodic(cron="12 * * * *", periodic_id="attendance.refresh_standings")
@task("attendance.refresh_standings")
def refresh_standings(context: Any, timestamp: int) -> None:
    """Work out again how every active student stands in attendance, for the at-risk list."""
    with context.additional_context["database"].begin() as session:
        standings.refresh(session, school.facts(session).zone)
