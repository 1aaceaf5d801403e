"""Opening a part of a lesson: who may, which attempt it is, and what the course receives about the student."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.content import policy, queries, results
from app.content.launches import queries as launch_queries
from app.content.launches.commits import Before, settle
from app.content.launches.sessions import LONGEST, is_review
from app.content.launches.unreported_ends import record_left
from app.content.packages.model import Item
from app.content.packages.versions import Version, version_of
from app.content.runtimes import runtime_of
from app.content.schemas import LaunchOut
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Invalid, NotFound
from app.core.permissions import Subject, internal
from app.core.tokens import new_token
from app.db.models import ContentPackage, Launch, ScormData
from app.enrollment import service as enrollment
from app.rules import scorm12
from app.settings import Settings


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

    A student whose program is completed opens it in review: it looks as the student left it, and nothing is recorded.
    Raises NotFound for a lesson the person may not open or that has no package, Invalid for an unknown part, Conflict
    while it opens later or asks for another one first,
    Unauthorized for somebody who is signed out in the same moment.
    """
    accounts.hold_sign_in(session, subject)
    enrollment_id, counts = None, False
    if preview:
        policy.require_read(subject)
    else:
        study = enrollment.study_for(session, user_id=subject.user_id, lesson_id=lesson_id)
        enrollment_id, counts = study.enrollment_id, study.counts
        if counts:
            enrollment.require_open(session, study.enrollment_id, lesson_id)
    package = package_for(session, lesson_id, enrollment_id)
    version = version_of(package)
    sequencing = runtime_of(version.standard).sequencing
    if sequencing is None or enrollment_id is None or not counts:
        item = _chosen(session, version, enrollment_id, sco_id)
    else:
        enrollment.hold_for_study(session, enrollment_id)
        item = sequencing.open(session, version, enrollment_id, sco_id)
    now = clock.now()
    attempt_no = 1
    replaced: Sequence[Launch] = ()
    is_first = counts and enrollment_id is not None and not has_begun(session, enrollment_id, package)
    if enrollment_id is not None and not counts:
        latest = _latest(session, subject.user_id, enrollment_id, package, item)
        attempt_no = 1 if latest is None else latest.attempt_no
    elif enrollment_id is not None:
        attempt_no = attempt_for(session, subject.user_id, enrollment_id, package, item, now).attempt_no
        replaced = launch_queries.replace_open_launches(
            session,
            user_id=subject.user_id,
            enrollment_id=enrollment_id,
            package_id=package.id,
            sco_id=item.id,
        )
        record_left(session, replaced)
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
        user_session_id=subject.session_id,
    )
    session.add(record)
    session.flush()
    runtime = runtime_of(version.standard)
    runtime.prepare(session, subject, record, item)
    session.flush()
    if enrollment_id is not None and counts:
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
    base = f"{settings.content_origin}/p/{token}"
    if is_first:
        begin(session, version, package, record, now)
    runtime.launched(session, version, record, item, base, left=replaced, first=is_first, now=now)
    return LaunchOut(
        launch_id=record.id,
        player_url=f"{base}/player",
        content_url=runtime.address(record, item, base),
        sco_id=item.id,
        attempt_no=attempt_no,
        preview=record.preview,
        review=is_review(record),
        expires_at=record.expires_at,
    )


@internal("a step of opening or waiving a part")
def has_begun(session: Session, enrollment_id: int, package: ContentPackage) -> bool:
    """Whether the student has work in this version of the lesson."""
    return bool(queries.attempts_in_package(session, enrollment_id, package.id))


@internal("a step of opening or waiving a part")
def begin(session: Session, version: Version, package: ContentPackage, record: Launch, now: datetime) -> None:
    """Write that parts which need nothing are done, before anything is said of another; perhaps the lesson with
    them. `record` is the first launch, or stands for one."""
    runtime = runtime_of(version.standard)
    done = [item for item in version.manifest.launchable() if runtime.needs_nothing(item)]
    if not done:
        return
    held = enrollment.hold_for_study(session, record.enrollment_id or 0)
    for item in done:
        attempt = attempt_for(session, record.user_id, held.id, package, item, now)
        attempt.cmi_core_lesson_status = scorm12.COMPLETED
    session.flush()
    settle(session, record, held, version, attempt, Before.of(None, record), now, changed=True)


def playable_enrollment(session: Session, subject: Subject, lesson_id: int) -> int:
    """The enrollment that lets the person open the lesson. Raises NotFound if there is none."""
    return enrollment.study_for(session, user_id=subject.user_id, lesson_id=lesson_id).enrollment_id


def only_reviews(session: Session, subject: Subject, lesson_id: int) -> bool:
    """Whether the person's program is completed, so that nothing they do in the lesson is recorded."""
    return not enrollment.study_for(session, user_id=subject.user_id, lesson_id=lesson_id).counts


@internal("names the package of a lesson that was opened before")
def current_package(session: Session, lesson_id: int) -> ContentPackage:
    """The package that is played now. Raises NotFound with a sentence while none has been uploaded."""
    package = queries.current_package(session, lesson_id)
    if package is None:
        raise NotFound("This lesson has no content yet. Ask your instructor when it will be available.")
    return package


@internal("names the package of a lesson that was opened before")
def package_for(session: Session, lesson_id: int, enrollment_id: int | None) -> ContentPackage:
    """The package that this student plays: the version they began, until somebody moves them, else the current one.
    Raises NotFound while there is none."""
    current = current_package(session, lesson_id)
    if enrollment_id is None:
        return current
    return queries.version_begun(session, enrollment_id=enrollment_id, lesson_id=lesson_id) or current


def _chosen(
    session: Session,
    version: Version,
    enrollment_id: int | None,
    sco_id: str | None,
) -> Item:
    if sco_id is not None:
        item = version.manifest.item(sco_id)
        if item is None:
            raise Invalid(
                "This part is no longer in the lesson; the lesson may have been updated. Reload the page."
            )
        return item
    parts = version.manifest.launchable()
    if enrollment_id is not None:
        standing = results.standing(session, version, enrollment_id)
        done = {part.sco_id for part in standing.parts if part.status in scorm12.DONE}
        return next((part for part in parts if part.id not in done), parts[0])
    return parts[0]


@internal("a step of opening or waiving a part")
def attempt_for(
    session: Session, user_id: int, enrollment_id: int, package: ContentPackage, item: Item, now: datetime
) -> ScormData:
    """The attempt that goes on, or a new one after a finished one. The enrollment is locked: no two at
    once.
    """
    enrollment.hold_for_study(session, enrollment_id)
    latest = _latest(session, user_id, enrollment_id, package, item)
    if latest is not None and runtime_of(package.standard).continues(latest):
        return latest
    attempt = ScormData(
        user_id=user_id,
        enrollment_id=enrollment_id,
        lesson_id=package.lesson_id,
        package_id=package.id,
        sco_id=item.id,
        attempt_no=1 if latest is None else latest.attempt_no + 1,
        cmi_core_lesson_status="not attempted",
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
