"""Taking a commit from the player: logged as it came, judged by the rules, counted once."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.content import policy, queries, results
from app.content.launches import queries as launch_queries
from app.content.launches import sessions
from app.content.packages.model import Item, Manifest
from app.content.runtimes import runtime_of
from app.content.runtimes.protocol import Report, Runtime
from app.content.schemas import CommitIn, CommitOut
from app.content.storable import storable_json
from app.core import clock
from app.core.errors import Conflict, NotFound, Unauthorized
from app.db.models import Launch, ScormCommit, ScormData
from app.enrollment import service as enrollment
from app.lrs import service as record_store
from app.rules import scorm12

OVER = (
    "This lesson session is over. Everything up to your last saved step is kept; open the lesson "
    "again to go on."
)
ELSEWHERE = "The lesson was opened again in another window, which now keeps your work. Close this one."


def commit(session: Session, token: str, sent: CommitIn) -> CommitOut:
    """Record what the course reports, in the transaction of the request; acknowledged means kept.

    The same sequence number again changes nothing. One that arrives late is logged, and counts where things
    only
    improve (status, score, time), but does not overwrite the newer state.
    Raises NotFound for an unknown token, Unauthorized when the launch is over, Conflict when another window
    has
    taken over.
    """
    record = sessions.find_launch(session, token)
    if record is None:
        raise NotFound("There is no such lesson session.")
    # Always the enrollment first: opening a lesson and saving one take their locks in the same order.
    status = None
    if record.enrollment_id is not None:
        status = queries.lock_enrollment(session, record.enrollment_id)
    launch_queries.lock_launch(session, record)
    now = clock.now()
    withdrawn = record.enrollment_id is not None and status not in policy.PLAYABLE
    if sessions.is_over(record, now) or withdrawn:
        raise Unauthorized(OVER)
    if record.preview:
        record.last_seen_at = now
        record.last_seq = max(record.last_seq, sent.seq)
        return CommitOut(seq=sent.seq, lesson_status="", complete=False)
    known = launch_queries.commit_is_known(session, record.id, sent.seq)
    if not known and record.state == "replaced" and launch_queries.newer_launch_has_saved(session, record):
        raise Conflict(ELSEWHERE)
    attempt = queries.attempt_of_launch(session, record, lock=True)
    package = queries.package(session, record.package_id)
    if attempt is None or package is None:
        raise NotFound("There is no such attempt.")
    manifest = Manifest.from_json(package.manifest)
    item = manifest.item(record.sco_id)
    if item is None:
        raise NotFound("The lesson has no such part.")
    if not known:
        _apply(session, runtime_of(package.standard), record, attempt, item, sent, now)
    place = queries.lesson_place(session, record.lesson_id)
    passing = None if place is None else place.passing_score_pct
    standing = results.standing(session, package, manifest, _enrollment_of(record), passing_score_pct=passing)
    if standing.complete and not known:
        enrollment.record_lesson_completion(
            session,
            enrollment_id=_enrollment_of(record),
            lesson_id=record.lesson_id,
            source="content",
            score_pct=None if standing.score_pct is None else Decimal(standing.score_pct),
            at=now,
        )
    return CommitOut(
        seq=sent.seq,
        lesson_status=attempt.cmi_core_lesson_status or scorm12.NOT_ATTEMPTED,
        complete=standing.complete,
    )


def _enrollment_of(record: Launch) -> int:
    if record.enrollment_id is None:
        raise NotFound("This launch counts for no enrollment.")
    return record.enrollment_id


def _apply(
    session: Session,
    runtime: Runtime,
    record: Launch,
    attempt: ScormData,
    item: Item,
    sent: CommitIn,
    now: datetime,
) -> None:
    report = runtime.read(sent.cmi)
    late = sent.seq < record.last_seq
    status_before, score_before = attempt.cmi_core_lesson_status, attempt.score_pct
    first, begun = record.last_seq == 0, bool(attempt.cmi)
    session.add(
        ScormCommit(
            launch_id=record.id,
            scorm_data_id=attempt.id,
            seq=sent.seq,
            received_at=now,
            finish=sent.finish,
            payload=_new_parts(attempt, sent.cmi),
        )
    )
    ended = sent.finish and not report.suspended
    runtime.take(attempt, item, report, ended=ended, left=sent.finish or sent.leaving, late=late, now=now)
    _credit(record, attempt, report, now)
    # An answer that is lost is asked for again under a new number: the end of a session is told once.
    tells_end = sent.finish and not record.end_told
    if sent.finish:
        record.end_told = True
        record.state = "closed" if record.state == "open" else record.state
    attempt.updated_at = now
    record.last_seq = max(record.last_seq, sent.seq)
    record.last_seen_at = now
    session.flush()
    record_store.record_scorm_progress(
        session,
        enrollment_id=_enrollment_of(record),
        lesson_id=record.lesson_id,
        report=record_store.PartReport(
            sco_id=item.id,
            title=item.title,
            status_before=status_before or scorm12.NOT_ATTEMPTED,
            status=attempt.cmi_core_lesson_status or scorm12.NOT_ATTEMPTED,
            score_pct_before=score_before,
            score_pct=attempt.score_pct,
            session_seconds=record.session_seconds,
            first=first,
            begun=begun,
            ending=("terminated" if ended else "suspended") if tells_end else None,
        ),
    )


def _credit(record: Launch, attempt: ScormData, report: Report, now: datetime) -> None:
    passed = (now - record.created_at).total_seconds()
    credited = scorm12.credited_seconds(report.session_seconds, passed)
    if credited > record.session_seconds:
        attempt.total_seconds += credited - record.session_seconds
        record.session_seconds = credited


def _new_parts(attempt: ScormData, cmi: dict[str, Any]) -> dict[str, Any]:
    """The parts of the data model that this commit changed: a long bookmark is not logged again each time."""
    before = {**attempt.cmi, "suspend_data": attempt.cmi_suspend_data}
    return {name: value for name, value in storable_json(cmi).items() if before.get(name) != value}
