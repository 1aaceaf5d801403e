"""Supervisors confirm a week's hours by a link: no account, one externship and one week, once, until it expires.

The secret is in the mail alone; the database has its hash. Whoever opens the link sees a first name, an initial and a
week. What was confirmed is kept as it was seen, with the network address, and goes to the supervisor and the student
by email, so that a link in other hands does not go unnoticed.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.compliance.externships.hours import queries as hours
from app.compliance.externships.links import queries
from app.compliance.externships.links.schemas import EvaluationForm, WeekForm
from app.compliance.externships.placements import access
from app.compliance.externships.rubrics import service as rubrics
from app.compliance.externships.sites import service as sites
from app.core import clock, history, limits, mail
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from app.core.limits import Limit
from app.core.permissions import Subject, internal
from app.core.tokens import hash_token
from app.db.models import (
    ExternshipEvaluation,
    ExternshipHours,
    ExternshipLink,
    ExternshipRubric,
    ExternshipSupervisor,
)
from app.rules.days import long_date
from app.rules.externships import short_name
from app.school import service as school
from app.settings import Settings, get_settings
from app.web import formats

NO_LINK = (
    "This link is not complete, or it was replaced by a newer one. Nothing was changed. Open the newest email from the "
    "school, or ask the student to send you a new link."
)
_WEEK = timedelta(days=6)
EVALUATED_AGAIN_AFTER = timedelta(days=28)
OPENED = Limit(
    "a supervisor's link",
    40,
    timedelta(minutes=30),
    "This link was opened too often. Nothing was changed. Wait {wait} and try again.",
)


@dataclass(frozen=True, slots=True)
class WeekView:
    """What a supervisor's page shows. `state` is open, used, expired or revoked; only the first two show hours.

    `to_decide` are the days that wait, `decided` those confirmed before; `outcome` is what was confirmed by this link.
    `seen` is the mark that the form sends back. `rubric` is None where no evaluation is asked for now.
    """

    state: str
    expires_at: datetime
    student: str = ""
    site: str = ""
    supervisor: str = ""
    week: date | None = None
    to_decide: Sequence[ExternshipHours] = ()
    decided: Sequence[ExternshipHours] = ()
    outcome: Sequence[Any] = ()
    used_at: datetime | None = None
    seen: str = ""
    rubric: ExternshipRubric | None = None
    evaluated: bool = False

    @property
    def minutes(self) -> int:
        return sum(entry.minutes for entry in self.to_decide)


@internal("counts, before anything is looked at")
def count_use(session: Session, secret: str) -> None:
    """Count one use of a link, in a transaction of its own. Raises TooManyRequests for one that is used too often."""
    wait = limits.take(session, [(OPENED, hash_token(secret))])
    if wait is not None:
        raise wait.problem()


@internal("whoever has the secret of a link may see what it is for")
def look(session: Session, secret: str, subject: Subject | None, zone: ZoneInfo) -> WeekView:
    """What a link is for, without using it up. Raises NotFound for a secret that was never one, Forbidden for
    somebody who is signed in at the school: the student does not confirm their own hours."""
    _require_stranger(subject)
    found = queries.by_hash(session, hash_token(secret))
    if found is None:
        raise NotFound(NO_LINK)
    link = found[0]
    state = _state(link, found[2])
    if state in ("expired", "revoked"):
        history.record_once(
            session,
            None,
            Action.EXTERNSHIP_LINK_REFUSED,
            link.id,
            key=f"externship link {link.id} {state}",
            within=timedelta(hours=1),
            student_id=found[3].user_id,
            week=link.week,
            why=state,
        )
        return WeekView(state, link.expires_at)
    if link.opened_at is None:
        link.opened_at = clock.now()
        session.flush()
    return _week_view(session, found, state, zone)


@internal("whoever has the secret of a link may confirm what it is for, once")
def confirm(
    session: Session, secret: str, subject: Subject | None, values: WeekForm, zone: ZoneInfo, ip: str | None
) -> bool:
    """Confirm the week but for the days that are disputed; False when the link was used before, and nothing changed.

    Raises NotFound and Forbidden as `look` does, Conflict for a link that is over and for hours that changed since the
    page was opened, Invalid for a dispute without a word and for a word without a day.
    """
    _require_stranger(subject)
    found = queries.by_hash(session, hash_token(secret), lock=True)
    if found is None:
        raise NotFound(NO_LINK)
    link, supervisor, kept, record, student, _program_id = found
    state = _state(link, kept)
    if state == "used":
        return False
    if state != "open":
        raise Conflict(_OVER[state])
    sites.require_outsider(session, supervisor.email, "word")
    access.require_open(record)
    entries = _waiting(session, link)
    if not entries or values.seen != _mark(entries):
        raise Conflict(
            "The student changed these hours after you opened the page. Nothing was confirmed; check them again."
        )
    disputed = set(values.disputed)
    if disputed - {entry.id for entry in entries}:
        raise _wrong("disputed", "One of these days is not part of this week. Open the link again.")
    if disputed and not values.word:
        raise _wrong("word", "Say in a word what is wrong, so that the student can put it right.")
    if values.word and not disputed:
        # Confirmed, the hours would stand and nobody would read what was wrong with them.
        raise _wrong(
            "disputed", "Check each day that is wrong, or clear what you wrote. Nothing was confirmed."
        )
    now = clock.now()
    for entry in entries:
        wrong = entry.id in disputed
        entry.state = "disputed" if wrong else "confirmed"
        entry.dispute = values.word if wrong else None
        entry.link_id = link.id
        entry.changed_at = now
    link.used_at, link.used_ip = now, ip
    link.outcome = [_seen_day(entry) for entry in entries]
    session.flush()
    good = [entry for entry in entries if entry.state == "confirmed"]
    history.record(
        session,
        None,
        Action.EXTERNSHIP_WEEK_CONFIRMED,
        record.id,
        student_id=record.user_id,
        enrollment_id=kept.enrollment_id,
        reason=values.word if disputed else None,
        week=link.week,
        supervisor=supervisor.name,
        confirmed_minutes=sum(entry.minutes for entry in good),
        confirmed_days=len(good),
        disputed_days=len(disputed),
        link_id=link.id,
    )
    _mail_outcome(session, link, supervisor, student, entries, values.word, zone)
    return True


@internal("whoever has the secret of a link may evaluate the student it is for, once")
def evaluate(
    session: Session, secret: str, subject: Subject | None, values: EvaluationForm, zone: ZoneInfo
) -> None:
    """Keep a supervisor's evaluation by the program's rubric of today. Raises as `confirm` does."""
    _require_stranger(subject)
    found = queries.by_hash(session, hash_token(secret), lock=True)
    if found is None:
        raise NotFound(NO_LINK)
    link, supervisor, kept, record, _student, program_id = found
    state = _state(link, kept)
    if state not in ("open", "used"):
        raise Conflict(_OVER[state])
    sites.require_outsider(session, supervisor.email, "comment")
    today = clock.today(zone)
    rubric = rubrics.rubric_on(session, program_id, today)
    if rubric is None or rubric.id != values.rubric_id:
        raise Conflict(
            "The list of skills changed since you opened the page. Nothing was saved; fill it in again."
        )
    if len(values.ratings) != len(rubric.skills):
        raise _wrong("ratings", "Rate every skill.")
    if queries.evaluated(session, link.id):
        raise Conflict("You have sent this evaluation already. Nothing was changed.")
    made = ExternshipEvaluation(
        externship_id=record.id,
        rubric_id=rubric.id,
        link_id=link.id,
        evaluated_on=today,
        ratings=values.ratings,
        comment=values.comment,
        supervisor_name=supervisor.name,
    )
    queries.add(session, made)
    history.record(
        session,
        None,
        Action.EXTERNSHIP_EVALUATED,
        record.id,
        student_id=record.user_id,
        enrollment_id=kept.enrollment_id,
        supervisor=supervisor.name,
        rubric_id=rubric.id,
        ratings=values.ratings,
        link_id=link.id,
    )


_OVER = {
    "expired": "This link has expired, so nothing was changed. Ask the student to send you a new one.",
    "revoked": "This link was replaced by a newer one, so nothing was changed. Open the newest email from the school.",
}


def _week_view(session: Session, found: Any, state: str, zone: ZoneInfo) -> WeekView:
    link, supervisor, _kept, record, student, program_id = found
    entries = hours.of_week(session, record.id, link.week, link.week + _WEEK)
    waiting = [entry for entry in entries if entry.state == "logged"] if state == "open" else []
    today = clock.today(zone)
    sent = queries.evaluated(session, link.id)
    last = queries.last_evaluated_on(session, record.id)
    ask = not sent and (last is None or today - last >= EVALUATED_AGAIN_AFTER)
    return WeekView(
        state=state,
        expires_at=link.expires_at,
        student=short_name(student.full_name),
        site=record.site_name,
        supervisor=supervisor.name,
        week=link.week,
        to_decide=waiting,
        decided=[entry for entry in entries if entry.state == "confirmed"] if state == "open" else [],
        outcome=[{**one, "day": date.fromisoformat(one["day"])} for one in link.outcome or []],
        used_at=link.used_at,
        seen=_mark(waiting),
        rubric=rubrics.rubric_on(session, program_id, today) if ask else None,
        evaluated=sent,
    )


def _state(link: ExternshipLink, kept: Any) -> str:
    if link.expires_at <= clock.now():
        return "expired"
    if link.used_at is not None:
        return "used"
    if link.revoked_at is not None or kept.supervisor_id != link.supervisor_id:
        return "revoked"
    return "open"


def _waiting(session: Session, link: ExternshipLink) -> list[ExternshipHours]:
    entries = hours.of_week(session, link.externship_id, link.week, link.week + _WEEK)
    return [entry for entry in entries if entry.state == "logged"]


def _mark(entries: Sequence[ExternshipHours]) -> str:
    """Names these days as they are now: another one after any change."""
    said = ";".join(f"{entry.id}:{entry.revision}" for entry in entries)
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _seen_day(entry: ExternshipHours) -> dict[str, Any]:
    return {
        "day": entry.day.isoformat(),
        "starts_at": entry.starts_at.isoformat(),
        "ends_at": entry.ends_at.isoformat(),
        "break_minutes": entry.break_minutes,
        "minutes": entry.minutes,
        "did": entry.did,
        "state": entry.state,
        "dispute": entry.dispute,
    }


def _mail_outcome(
    session: Session,
    link: ExternshipLink,
    supervisor: ExternshipSupervisor,
    student: Any,
    entries: Sequence[ExternshipHours],
    word: str | None,
    zone: ZoneInfo,
) -> None:
    """A copy to the supervisor, and a notice to the student."""
    known = school.facts(session)
    shared: dict[str, Any] = {
        "school": known.legal_name,
        "week": long_date(link.week),
        "word": word,
        "lines": [
            f"{long_date(entry.day)}: {formats.duration_minutes(entry.minutes)}, {entry.state}"
            for entry in entries
        ],
        "disputed": any(entry.state == "disputed" for entry in entries),
    }
    mail.send(
        session,
        link.email,
        "externship_week_copy",
        name=supervisor.name,
        student=short_name(student.full_name),
        phone=known.phone or "",
        **shared,
    )
    mail.send(
        session,
        student.email,
        "externship_week_decided",
        name=student.full_name,
        supervisor=supervisor.name,
        page=f"{_settings(session).app_origin}/externship",
        **shared,
    )


def _require_stranger(subject: Subject | None) -> None:
    if subject is not None:
        raise Forbidden(
            "This link is for the supervisor at the externship site, and you are signed in at the school. Nothing was "
            "changed. A supervisor opens it in their own browser, without signing in."
        )


def _settings(session: Session) -> Settings:
    return session.info.get("settings") or get_settings()


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
