"""A week's hours go to the supervisor by email: when the student or the office asks for it, and every Monday."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.compliance.externships import policies_in_force, policy
from app.compliance.externships.hours import queries as hours
from app.compliance.externships.links import queries, revocation
from app.compliance.externships.placements import access
from app.compliance.externships.placements import queries as placements
from app.compliance.externships.sites import service as sites
from app.core import clock, history, limits, mail
from app.core.actions import Action
from app.core.errors import Conflict, Invalid, NotFound, TooManyRequests
from app.core.limits import Limit
from app.core.permissions import SYSTEM, Actor, internal
from app.core.tokens import new_token
from app.db.models import Externship, ExternshipLink, ExternshipPlacement, ExternshipSupervisor
from app.db.session import Database
from app.rules.days import long_date
from app.rules.externships import short_name
from app.rules.hours import week_of
from app.school import service as school
from app.settings import Settings, get_settings
from app.web import formats

_WEEK = timedelta(days=6)
AGAIN_AFTER = timedelta(days=6)
"""The weekly job sends a week again when nothing happened for so long."""
SENT_FOR = timedelta(weeks=16)
"""And no longer than this: who left the practice is not written to every Monday from then on."""
SENT = Limit(
    "links sent for an externship",
    10,
    timedelta(days=1),
    "Too many links were sent for this externship. Nothing was sent. Wait {wait} and try again.",
)


def send_week(
    session: Session, subject: Actor, externship_id: int, day: date, zone: ZoneInfo
) -> ExternshipLink:
    """Mail the supervisor a link for the week that a day lies in. The student does it, or staff who keep externships.

    Earlier links for that week stop working. Raises Conflict when no day of it waits to be confirmed, and when the link
    would go to the student, Invalid when it would go to the school’s own staff, TooManyRequests.
    """
    found = placements.locked(session, externship_id)
    if found is None or not policy.may_read(session, subject, found[0].user_id):
        raise NotFound(policy.NO_EXTERNSHIP)
    record, kept = found
    if not (subject.is_student and subject.user_id == record.user_id):
        policy.require_manage(subject, record.user_id)
    access.require_open(record)
    week = week_of(day)
    waiting = [
        entry
        for entry in hours.of_week(session, externship_id, week, week + _WEEK)
        if entry.state == "logged"
    ]
    if not waiting:
        raise Conflict("No day of this week waits to be confirmed, so no link was sent.")
    supervisor = sites.supervisor_of(session, kept.supervisor_id)
    sites.require_outsider(session, supervisor.email, "week")
    chosen = placements.enrollment(session, kept.enrollment_id)
    student = chosen.full_name if chosen else ""
    if chosen is not None and supervisor.email == chosen.email:
        raise Conflict(
            "The supervisor has the student’s own email address, so no link was sent. The school office can correct it "
            "under Externships › Sites."
        )
    wait = limits.take(session, [(SENT, str(externship_id))])
    if wait is not None:
        raise wait.problem()
    revocation.revoke(session, externship_id, week)
    return _send(session, subject, record, kept, supervisor, student, week, len(waiting), zone)


def _send(
    session: Session,
    subject: Actor,
    record: Externship,
    kept: ExternshipPlacement,
    supervisor: ExternshipSupervisor,
    student: str,
    week: date,
    days: int,
    zone: ZoneInfo,
) -> ExternshipLink:
    now = clock.now()
    rules = policies_in_force.of(session, clock.today(zone), use=True)
    clear, hashed = new_token()
    link = ExternshipLink(
        externship_id=record.id,
        week=week,
        supervisor_id=supervisor.id,
        email=supervisor.email,
        token_hash=hashed,
        created_by=subject.user_id,
        created_at=now,
        expires_at=now + timedelta(days=rules.link_days),
    )
    queries.add(session, link)
    known = school.facts(session)
    settings: Settings = session.info.get("settings") or get_settings()
    mail.send(
        session,
        supervisor.email,
        "externship_week",
        link=f"{settings.app_origin}/externship-week/{clear}",
        link_expires_at=link.expires_at,
        requested_by=subject.user_id,
        school=known.legal_name,
        name=supervisor.name,
        student=short_name(student),
        week=long_date(week),
        days=days,
        expires=formats.local_time(link.expires_at, zone),
    )
    history.record(
        session,
        subject,
        Action.EXTERNSHIP_LINK_SENT,
        link.id,
        student_id=record.user_id,
        enrollment_id=kept.enrollment_id,
        week=week,
        supervisor=supervisor.name,
        expires_at=link.expires_at,
    )
    return link


@internal("the system's own work of every week")
def send_due(database: Database, zone: ZoneInfo, most: int = 500) -> int:
    """Mail links for the weeks that are over and have days to confirm, each in a transaction of its own: how many.

    So nobody waits for the whole list, a failure undoes no mail of another, and what was sent is not sent again.
    """
    week = week_of(clock.today(zone))
    with database.begin() as session:
        rows = queries.due(session, week - SENT_FOR, week, clock.now() - AGAIN_AFTER, most)
    sent = 0
    for row in rows:
        try:
            with database.begin() as session:
                send_week(session, SYSTEM, row.externship_id, row.week, zone)
            sent += 1
        except (Conflict, Invalid, NotFound, TooManyRequests):
            # One log that cannot be sent, or has more weeks than go out in a day, holds up nobody else's.
            continue
    return sent
