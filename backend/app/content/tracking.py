"""Taking a commit from the player: logged as it came, judged by the rules, counted once."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.content import playing, policy, queries, results
from app.content.packages.model import Item, Manifest
from app.content.schemas import CommitIn, CommitOut
from app.content.storable import storable, storable_json
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


@dataclass(frozen=True, slots=True)
class _Report:
    """What a commit says, read kindly: a course that writes nonsense into one element loses only that."""

    status: str
    score: scorm12.Score
    session_seconds: Decimal
    exit: str
    location: str | None
    suspend_data: str | None


def commit(session: Session, token: str, sent: CommitIn) -> CommitOut:
    """Record what the course reports, in the transaction of the request; acknowledged means kept.

    The same sequence number again changes nothing. One that arrives late is logged, and counts where things
    only
    improve (status, score, time), but does not overwrite the newer state.
    Raises NotFound for an unknown token, Unauthorized when the launch is over, Conflict when another window
    has
    taken over.
    """
    record = playing.find_launch(session, token)
    if record is None:
        raise NotFound("There is no such lesson session.")
    # Always the enrollment first: opening a lesson and saving one take their locks in the same order.
    status = None
    if record.enrollment_id is not None:
        status = queries.lock_enrollment(session, record.enrollment_id)
    queries.lock_launch(session, record)
    now = clock.now()
    withdrawn = record.enrollment_id is not None and status not in policy.PLAYABLE
    if playing.is_over(record, now) or withdrawn:
        raise Unauthorized(OVER)
    if record.preview:
        record.last_seen_at = now
        record.last_seq = max(record.last_seq, sent.seq)
        return CommitOut(seq=sent.seq, lesson_status="", complete=False)
    known = queries.commit_is_known(session, record.id, sent.seq)
    if not known and record.state == "replaced" and queries.newer_launch_has_saved(session, record):
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
        _apply(session, record, attempt, item, sent, now)
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
    session: Session, record: Launch, attempt: ScormData, item: Item, sent: CommitIn, now: datetime
) -> None:
    report = _read(sent.cmi)
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
    ended = sent.finish and report.exit != "suspend"
    _improve(attempt, item, report, ended=ended, left=sent.finish or sent.leaving)
    _credit(record, attempt, report, now)
    if not late:
        _replace_state(attempt, report, sent.cmi)
    # An answer that is lost is asked for again under a new number: the end of a session is told once.
    tells_end = sent.finish and not record.end_told
    if sent.finish:
        record.end_told = True
        record.state = "closed" if record.state == "open" else record.state
        attempt.finished_at = (attempt.finished_at or now) if ended else attempt.finished_at
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


def _improve(attempt: ScormData, item: Item, report: _Report, *, ended: bool, left: bool) -> None:
    mastery = None if item.mastery_score is None else Decimal(str(item.mastery_score))
    judged = scorm12.judged_status(report.status, report.score.raw, mastery, ended=ended, left=left)
    kept = scorm12.known_status(attempt.cmi_core_lesson_status or "")
    attempt.cmi_core_lesson_status = scorm12.better_status(kept, judged)
    scaled = report.score.scaled
    if scaled is None or report.score.raw is None:
        return
    percent = round(scaled * 100, 2)
    if attempt.score_pct is None or percent >= attempt.score_pct:
        attempt.score_pct = percent
        attempt.cmi_core_score_raw = _whole(report.score.raw)
        attempt.cmi_core_score_max = None if report.score.maximum is None else _whole(report.score.maximum)
        attempt.score_min = report.score.minimum


def _credit(record: Launch, attempt: ScormData, report: _Report, now: datetime) -> None:
    passed = (now - record.created_at).total_seconds()
    credited = scorm12.credited_seconds(report.session_seconds, passed)
    if credited > record.session_seconds:
        attempt.total_seconds += credited - record.session_seconds
        record.session_seconds = credited


def _replace_state(attempt: ScormData, report: _Report, cmi: dict[str, Any]) -> None:
    attempt.exit = report.exit
    if report.location is not None:
        attempt.location = storable(report.location)
    if report.suspend_data is not None:
        attempt.cmi_suspend_data = storable(report.suspend_data)
    # Suspend data has its own column; kept twice it would only double the row.
    rest = {name: value for name, value in cmi.items() if name != "suspend_data"}
    attempt.cmi = {**attempt.cmi, **storable_json(rest)}


def _new_parts(attempt: ScormData, cmi: dict[str, Any]) -> dict[str, Any]:
    """The parts of the data model that this commit changed: a long bookmark is not logged again each time."""
    before = {**attempt.cmi, "suspend_data": attempt.cmi_suspend_data}
    return {name: value for name, value in storable_json(cmi).items() if before.get(name) != value}


def _read(cmi: dict[str, Any]) -> _Report:
    core = cmi.get("core")
    core = core if isinstance(core, dict) else {}
    score = core.get("score")
    score = score if isinstance(score, dict) else {}
    try:
        session_seconds = scorm12.seconds_of(_text(core.get("session_time")) or "00:00:00")
    except ValueError:
        session_seconds = Decimal(0)
    exit_word = _text(core.get("exit"))
    suspend_data, location = cmi.get("suspend_data"), core.get("lesson_location")
    return _Report(
        status=_text(core.get("lesson_status")),
        score=scorm12.Score(
            scorm12.number_of(_text(score.get("raw"))),
            scorm12.number_of(_text(score.get("min"))),
            scorm12.number_of(_text(score.get("max"))),
        ),
        session_seconds=session_seconds,
        exit=exit_word if exit_word in scorm12.EXITS else "",
        location=location if isinstance(location, str) else None,
        suspend_data=suspend_data if isinstance(suspend_data, str) else None,
    )


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _whole(number: Decimal) -> int:
    return int(number.to_integral_value(rounding="ROUND_HALF_UP"))
