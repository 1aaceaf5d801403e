"""Opening a part of a lesson: who may, which attempt it is, and what the course is told about the student."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.content import policy, queries, results
from app.content.leaving import tell_left
from app.content.packages.model import Item, Manifest
from app.content.schemas import LaunchOut
from app.content.storable import restored, restored_json
from app.content.times import IDLE, LONGEST
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Invalid, NotFound
from app.core.permissions import Subject
from app.core.tokens import hash_token, new_token
from app.db.models import ContentPackage, EnrollmentStatus, Launch, ScormData
from app.lrs import service as record_store
from app.rules import scorm12
from app.settings import Settings

_NOTE_EVERY = timedelta(minutes=1)


def launch(
    session: Session,
    subject: Subject,
    settings: Settings,
    lesson_id: int,
    *,
    sco_id: str | None = None,
    preview: bool = False,
) -> LaunchOut:
    """Open a part of a lesson: the one named, else the first that is not done, else the first.

    A student whose program is completed opens it in review: she sees it as she left it, and nothing is recorded.
    Raises NotFound for a lesson the person may not open or that has no package, Invalid for an unknown part.
    """
    enrollment_id, counts = None, False
    if preview:
        policy.may_preview(subject)
    else:
        enrollment_id, counts = _playable(session, subject, lesson_id)
    package = current_package(session, lesson_id)
    manifest = Manifest.from_json(package.manifest)
    item = _chosen(session, manifest, package, enrollment_id, sco_id)
    now = clock.now()
    attempt_no = 1
    if enrollment_id is not None and not counts:
        latest = _latest(session, subject.user_id, enrollment_id, package, item)
        attempt_no = 1 if latest is None else latest.attempt_no
    elif enrollment_id is not None:
        attempt_no = _attempt(session, subject.user_id, enrollment_id, package, item, now).attempt_no
        replaced = queries.replace_open_launches(
            session,
            user_id=subject.user_id,
            enrollment_id=enrollment_id,
            package_id=package.id,
            sco_id=item.id,
        )
        tell_left(session, replaced)
    token, token_hash = new_token()
    record = Launch(
        user_id=subject.user_id,
        enrollment_id=enrollment_id,
        lesson_id=lesson_id,
        package_id=package.id,
        sco_id=item.id,
        attempt_no=attempt_no,
        preview=not counts,
        token_hash=token_hash,
        created_at=now,
        last_seen_at=now,
        expires_at=now + LONGEST,
    )
    session.add(record)
    session.flush()
    if enrollment_id is not None and counts:
        record_store.record_lesson_launched(
            session, enrollment_id=enrollment_id, lesson_id=lesson_id, sco_id=item.id, title=item.title
        )
        history.record(
            session,
            subject,
            Action.CONTENT_LESSON_OPENED,
            record.id,
            student_id=subject.user_id,
            enrollment_id=enrollment_id,
            lesson_id=lesson_id,
            sco_id=item.id,
            title=item.title,
            attempt_no=attempt_no,
        )
    return LaunchOut(
        launch_id=record.id,
        player_url=f"{settings.content_origin}/p/{token}/player",
        sco_id=item.id,
        attempt_no=attempt_no,
        preview=record.preview,
        review=_is_review(record),
        expires_at=record.expires_at,
    )


def playable_enrollment(session: Session, subject: Subject, lesson_id: int) -> int:
    """The enrollment that lets the person open the lesson. Raises NotFound if there is none."""
    return _playable(session, subject, lesson_id)[0]


def only_reviews(session: Session, subject: Subject, lesson_id: int) -> bool:
    """Whether the person's program is completed, so that nothing she does in the lesson is recorded."""
    return not _playable(session, subject, lesson_id)[1]


def _playable(session: Session, subject: Subject, lesson_id: int) -> tuple[int, bool]:
    """The enrollment, and whether work counts for it."""
    known = queries.enrollment_for(session, subject.user_id, lesson_id)
    if known is None:
        raise NotFound("There is no such lesson in a program you are enrolled in.")
    enrollment_id, status = known
    return enrollment_id, status is EnrollmentStatus.ACTIVE


def current_package(session: Session, lesson_id: int) -> ContentPackage:
    """The package that is played now. Raises NotFound with a sentence while none has been uploaded."""
    package = queries.current_package(session, lesson_id)
    if package is None:
        raise NotFound("This lesson has no content yet. Ask your instructor when it will be there.")
    return package


def _chosen(
    session: Session,
    manifest: Manifest,
    package: ContentPackage,
    enrollment_id: int | None,
    sco_id: str | None,
) -> Item:
    if sco_id is not None:
        item = manifest.item(sco_id)
        if item is None:
            raise Invalid("The lesson has no such part; it may have been renewed. Load the page again.")
        return item
    parts = manifest.launchable()
    if enrollment_id is not None:
        standing = results.standing(session, package, manifest, enrollment_id)
        done = {part.sco_id for part in standing.parts if part.status in scorm12.DONE}
        return next((part for part in parts if part.id not in done), parts[0])
    return parts[0]


def _attempt(
    session: Session, user_id: int, enrollment_id: int, package: ContentPackage, item: Item, now: datetime
) -> ScormData:
    """The attempt that goes on, or a new one after a finished one. The enrollment is locked: no two at
    once.
    """
    queries.lock_enrollment(session, enrollment_id)
    latest = _latest(session, user_id, enrollment_id, package, item)
    if latest is not None and scorm12.continues(
        finished=latest.finished_at is not None, exit_word=latest.exit or ""
    ):
        return latest
    attempt = ScormData(
        user_id=user_id,
        enrollment_id=enrollment_id,
        lesson_id=package.lesson_id,
        package_id=package.id,
        sco_id=item.id,
        attempt_no=1 if latest is None else latest.attempt_no + 1,
        cmi_core_lesson_status=scorm12.NOT_ATTEMPTED,
        started_at=now,
        updated_at=now,
        cmi={},
    )
    session.add(attempt)
    session.flush()
    return attempt


def _latest(
    session: Session, user_id: int, enrollment_id: int, package: ContentPackage, item: Item
) -> ScormData | None:
    return queries.latest_attempt(
        session,
        user_id=user_id,
        enrollment_id=enrollment_id,
        lesson_id=package.lesson_id,
        package_id=package.id,
        sco_id=item.id,
    )


def is_over(record: Launch, now: datetime) -> bool:
    """Whether the launch's token has ended: two idle hours, twelve in any case."""
    return now >= record.expires_at or now - record.last_seen_at >= IDLE


def find_launch(session: Session, token: str) -> Launch | None:
    """The launch behind a token, over or not; None for a token that was never given out."""
    return queries.launch_by_token(session, hash_token(token))


def note_use(session: Session, record: Launch) -> None:
    """Keep an open launch from idling out, with at most one write a minute."""
    queries.touch_launch(session, record, clock.now(), at_most_every=_NOTE_EVERY)


@dataclass(frozen=True, slots=True)
class PlayerState:
    """All that the player page needs: what to open, and the data model the course starts from."""

    launch_id: str
    lesson_id: int
    title: str
    item: Item
    standard: str
    preview: bool
    review: bool
    last_seq: int
    cmi: dict[str, Any]
    expires_at: datetime
    idle_seconds: int


def player_state(session: Session, record: Launch) -> PlayerState:
    """What the course is told when it starts: who she is, where she was, what she may."""
    package = queries.package(session, record.package_id)
    if package is None:
        raise NotFound("The package of this lesson is gone.")
    item = Manifest.from_json(package.manifest).item(record.sco_id)
    if item is None:
        raise NotFound("The lesson has no such part.")
    attempt = None if record.enrollment_id is None else queries.attempt_of_launch(session, record)
    name = queries.user_name(session, record.user_id)
    return PlayerState(
        launch_id=record.id,
        lesson_id=record.lesson_id,
        title=item.title,
        item=item,
        standard=package.standard,
        preview=record.preview,
        review=_is_review(record),
        last_seq=record.last_seq,
        cmi=initial_cmi(record, item, attempt, name),
        expires_at=record.expires_at,
        idle_seconds=int(IDLE.total_seconds()),
    )


def _is_review(record: Launch) -> bool:
    """A student looks again at a lesson of a completed program; a preview by staff belongs to no enrollment."""
    return record.preview and record.enrollment_id is not None


def initial_cmi(record: Launch, item: Item, attempt: ScormData | None, full_name: str) -> dict[str, Any]:
    """The data model that a SCORM 1.2 course starts from: what it stored, under what the school knows
    better.
    """
    kept: dict[str, Any] = restored_json(attempt.cmi) if attempt is not None else {}
    cmi: dict[str, Any] = {
        name: kept[name] for name in ("objectives", "interactions", "student_preference") if kept.get(name)
    }
    begun = bool(kept)
    stored_core = kept.get("core")
    core: dict[str, Any] = stored_core if isinstance(stored_core, dict) else {}
    status = (attempt.cmi_core_lesson_status if attempt is not None else None) or scorm12.NOT_ATTEMPTED
    cmi["core"] = {
        "student_id": str(record.user_id),
        "student_name": name_for_course(full_name),
        "lesson_location": restored((attempt.location if attempt is not None else None) or ""),
        "credit": "no-credit" if record.preview else "credit",
        # Empty means that the course has set none: the run-time then answers `not attempted` by itself.
        "lesson_status": "" if status == scorm12.NOT_ATTEMPTED else status,
        "entry": scorm12.entry(
            begun=begun,
            finished=attempt is not None and attempt.finished_at is not None,
            exit_word=(attempt.exit if attempt is not None else None) or "",
            review=_is_review(record),
        ),
        "lesson_mode": "review" if _is_review(record) else "normal",
        "total_time": scorm12.timespan_of(attempt.total_seconds if attempt is not None else 0),
        "score": core.get("score") if isinstance(core.get("score"), dict) else {},
    }
    cmi["suspend_data"] = restored((attempt.cmi_suspend_data if attempt is not None else None) or "")
    cmi["comments"] = kept.get("comments") if isinstance(kept.get("comments"), str) else ""
    cmi["launch_data"] = item.data_from_lms
    cmi["student_data"] = {
        "mastery_score": "" if item.mastery_score is None else f"{item.mastery_score:g}",
        "max_time_allowed": item.max_time_allowed,
        "time_limit_action": item.time_limit_action,
    }
    return cmi


def name_for_course(full_name: str) -> str:
    """`Maria de la Cruz` as `Cruz, Maria de la`: SCORM 1.2 wants the last name first, with one comma."""
    words = full_name.replace(",", " ").split()
    return " ".join(words) if len(words) < 2 else f"{words[-1]}, {' '.join(words[:-1])}"
