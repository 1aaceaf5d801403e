"""Taking a commit from the player: logged as it came, judged by the rules, counted once."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import structlog
from sqlalchemy import Row
from sqlalchemy.orm import Session

from app.academics import service as academics
from app.content import queries, results
from app.content.launches import queries as launch_queries
from app.content.launches import sessions
from app.content.packages.model import Item
from app.content.packages.versions import Version, find_version
from app.content.postgres_text import storable_json
from app.content.runtimes import runtime_of
from app.content.runtimes.protocol import Report, Runtime, Sitting, SoFar
from app.content.schemas import CommitIn, CommitOut, ResultOut
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, NotFound, Unauthorized
from app.core.permissions import internal
from app.core.tokens import hash_token
from app.db.models import Enrollment, Launch, ScormCommit, ScormData
from app.db.ready import Page, ahead
from app.enrollment import service as enrollment
from app.rules import scorm12

ELSEWHERE = "The lesson was opened again in another window, which now keeps your work. Close this one."
log = structlog.get_logger(__name__)


class SequenceConflict(Conflict):
    """The number of the commit was used for other data; the player sends its data again under the next number."""

    slug = "sequence-conflict"


@internal("the launch's own token says whose work it is")
def commit(session: Session, token: str, sent: CommitIn) -> CommitOut:
    """Record what the course reports, in the transaction of the request; acknowledged means kept.

    The same data under the same sequence number again changes nothing. A commit that arrives late is logged, and
    counts where things only improve (status, score, time), but does not overwrite the newer state.
    Raises NotFound for an unknown token, Unauthorized when the launch is over or the enrollment has ended, Conflict
    when another window has taken over, SequenceConflict for a number that was used for other data.
    """
    head = launch_queries.launch_head(session, hash_token(token))
    # Always the enrollment first: opening a lesson and saving one take their locks in the same order.
    held = None if head is None or head.preview else _held(session, head)
    record = None if head is None else launch_queries.hold_launch(session, head.id)
    if record is None:
        raise NotFound("There is no such lesson session.")
    now = clock.now()
    if sessions.is_over(record, now):
        raise Unauthorized(sessions.over_sentence(record))
    if held is None:
        record.last_seen_at = now
        record.last_seq = max(record.last_seq, sent.seq)
        return CommitOut(seq=sent.seq, lesson_status="", complete=False)
    ahead(
        session,
        Page.COMMIT,
        launch_id=record.id,
        seq=sent.seq,
        package_id=record.package_id,
        lesson_id=record.lesson_id,
    )
    known = _is_known(session, record, sent)
    if not known and record.state == "replaced" and launch_queries.newer_launch_has_saved(session, record):
        raise Conflict(ELSEWHERE)
    attempt = queries.attempt_of_launch(session, record, lock=True)
    if attempt is None:
        raise NotFound("There is no such attempt.")
    version = find_version(session, record.package_id)
    item = version.manifest.item(record.sco_id)
    if item is None:
        raise NotFound("The lesson has no such part.")
    runtime = runtime_of(version.standard)
    before = Before.of(attempt, record)
    place = academics.lesson_place(session, record.lesson_id)
    sitting = Sitting(record, place.required_percent, place.passing_score_pct)
    report = None if known else _apply(session, runtime, sitting, attempt, item, sent, before, now)
    if report is not None and runtime.sequencing is not None:
        runtime.sequencing.reported(session, version, record, item, attempt)
    standing = settle(session, record, held, version, attempt, before, now, changed=not known, place=place)
    if report is not None:
        runtime.hand_on(session, record, item, report, before.status, attempt, now)
    return CommitOut(
        seq=sent.seq,
        lesson_status=attempt.cmi_core_lesson_status or scorm12.NOT_ATTEMPTED,
        complete=standing.complete,
        counted=None if report is None else report.counted_in(attempt),
        allowed=runtime.sequencing.allowed(session, version, held.id) if runtime.sequencing else None,
    )


@dataclass(frozen=True, slots=True)
class Before:
    """Where an attempt stood before a report."""

    status: str
    score_pct: Decimal | None
    first: bool
    begun: bool

    @classmethod
    def of(cls, attempt: ScormData | None, record: Launch) -> "Before":
        """Where it stands now, before the next report of a launch."""
        first = record.last_seq == 0
        if attempt is None:
            return cls(scorm12.NOT_ATTEMPTED, None, first, False)
        status = attempt.cmi_core_lesson_status or scorm12.NOT_ATTEMPTED
        return cls(status, attempt.score_pct, first, bool(attempt.cmi))


@internal("a step of a report")
def settle(
    session: Session,
    record: Launch,
    held: Enrollment,
    version: Version,
    attempt: ScormData,
    before: Before,
    now: datetime,
    *,
    changed: bool,
    place: academics.LessonPlace | None = None,
) -> ResultOut:
    """The lesson's completion and the enrollment's progress after a report; `changed`: whether it was a new one,
    `place`: the lesson, if it is at hand."""
    place = place or academics.lesson_place(session, record.lesson_id)
    standing = results.standing(session, version, held.id, passing_score_pct=place.passing_score_pct)
    if standing.complete and changed:
        if place.program_id != held.program_id:
            raise NotFound("This lesson is no longer part of the enrollment's program.")
        enrollment.record_lesson_completion(
            session,
            enrollment_id=held.id,
            lesson_id=record.lesson_id,
            source="content",
            score_pct=standing.score_pct,
            at=now,
            held=held,
        )
    elif before.status in scorm12.DONE and attempt.cmi_core_lesson_status not in scorm12.DONE:
        # The course took back what this very session said: it must not matter that it was saved in between.
        enrollment.withdraw_lesson_completion(
            session, held, lesson_id=record.lesson_id, since=record.created_at
        )
    return standing


def _held(session: Session, record: Row[Any]) -> Enrollment:
    try:
        return enrollment.hold_for_study(session, _enrollment_of(record))
    except Conflict as ended:
        raise Unauthorized(ended.detail) from ended


def _is_known(session: Session, record: Launch, sent: CommitIn) -> bool:
    """Whether this very commit is stored already."""
    known, digest = launch_queries.commit_digest(session, record.id, sent.seq)
    if known and digest is not None and digest != _digest(sent):
        log.warning("content.sequence_conflict", launch_id=record.id, seq=sent.seq, last_seq=record.last_seq)
        raise SequenceConflict("Another report with this number was received. Not saved yet; retrying.")
    return known


def _digest(sent: CommitIn) -> str:
    whole: list[Any] = [sent.finish, sent.leaving, sent.cmi]
    if sent.session is not None:
        whole.append(sent.session.model_dump())
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def _enrollment_of(record: Launch | Row[Any]) -> int:
    number: int | None = record.enrollment_id
    if number is None:
        raise NotFound("This launch is not part of an enrollment.")
    return number


def _apply(
    session: Session,
    runtime: Runtime,
    sitting: Sitting,
    attempt: ScormData,
    item: Item,
    sent: CommitIn,
    before: Before,
    now: datetime,
) -> Report:
    record, reported = sitting.launch, sent.session
    so_far = None if reported is None else SoFar(reported.before, tuple(reported.reached))
    report = runtime.read(sent.cmi, so_far)
    late = sent.seq < record.last_seq
    session.add(
        ScormCommit(
            launch_id=record.id,
            scorm_data_id=attempt.id,
            seq=sent.seq,
            received_at=now,
            finish=sent.finish,
            digest=_digest(sent),
            payload=_new_parts(attempt, sent.cmi),
        )
    )
    ended = sent.finish and not report.suspended
    runtime.take(
        attempt, item, report, sitting, ended=ended, left=sent.finish or sent.leaving, late=late, now=now
    )
    credit(session, record, attempt, report.session_seconds, now)
    # An answer that is lost is asked for again under a new number: the end of a session is recorded once.
    ends = sent.finish and not record.end_recorded
    if sent.finish:
        record.end_recorded = True
        record.state = "closed" if record.state == "open" else record.state
    attempt.updated_at = now
    record.last_seq = max(record.last_seq, sent.seq)
    record.last_seen_at = now
    session.flush()
    record_news(
        session,
        record,
        attempt,
        item,
        before,
        now,
        ending=("terminated" if ended else "suspended") if ends else None,
    )
    return report


@internal("a step of a report")
def record_news(
    session: Session,
    record: Launch,
    attempt: ScormData,
    item: Item,
    before: Before,
    now: datetime,
    *,
    ending: str | None,
) -> None:
    """Record what changes the student's standing; a course saves every few seconds, most of which is no news."""
    details: dict[str, Any] = {
        "lesson_id": record.lesson_id,
        "sco_id": item.id,
        "title": item.title,
        "status_before": before.status,
        "status": attempt.cmi_core_lesson_status or scorm12.NOT_ATTEMPTED,
        "score_pct_before": before.score_pct,
        "score_pct": attempt.score_pct,
        "session_seconds": record.session_seconds,
        "first": before.first,
        "begun": before.begun,
        "ending": ending,
    }
    news = ("status_before", "status"), ("score_pct_before", "score_pct")
    if before.first or ending is not None or any(details[old] != details[new] for old, new in news):
        history.record(
            session,
            None,
            Action.CONTENT_PART_REPORTED,
            record.id,
            student_id=record.user_id,
            enrollment_id=_enrollment_of(record),
            occurred_at=now,
            **details,
        )


@internal("a step of a report")
def credit(
    session: Session, record: Launch, attempt: ScormData, reported: Decimal | float, now: datetime
) -> None:
    """Count the seconds that a session has lasted by its content, never more than have passed: since it was opened, and
    for all sessions of an attempt together, of which several may have been open in the same moment."""
    passed = (now - record.created_at).total_seconds()
    credited = scorm12.credited_seconds(Decimal(reported), passed)
    if credited > record.session_seconds:
        elsewhere, open_for = launch_queries.seconds_of_attempt(session, record, now)
        credited = min(credited, int(open_for) - elsewhere)
    if credited > record.session_seconds:
        attempt.total_seconds += credited - record.session_seconds
        record.session_seconds = credited


def _new_parts(attempt: ScormData, cmi: dict[str, Any]) -> dict[str, Any]:
    """The parts of the data model that this commit changed: a long bookmark is not logged again each time."""
    before = {**attempt.cmi, "suspend_data": attempt.cmi_suspend_data}
    return {name: value for name, value in storable_json(cmi).items() if before.get(name) != value}
