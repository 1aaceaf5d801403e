"""Waiving a part of a lesson: an instructor says, with a reason, that a student need not do it (cmi5 9.3.7)."""

from sqlalchemy.orm import Session

from app.content import policy
from app.content.launches.commits import Before, settle
from app.content.launches.service import attempt_for, begin, has_begun, package_for
from app.content.packages.versions import version_of
from app.content.runtimes import runtime_of
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid
from app.core.permissions import Subject
from app.db.models import Launch
from app.enrollment import service as enrollment
from app.lrs import service as record_store
from app.rules import scorm12


def waive(
    session: Session, subject: Subject, lesson_id: int, *, user_id: int, sco_id: str, reason: str
) -> None:
    """Let a student pass by a part of a lesson; the lesson is complete when all its parts are done or waived.

    Raises NotFound for a student one does not see or who is not enrolled, Forbidden for who may not attest lessons,
    Invalid for a lesson of another standard or an unknown part, Conflict for a part that is done.
    """
    policy.require_waive(session, subject, user_id)
    study = enrollment.study_for(session, user_id=user_id, lesson_id=lesson_id)
    held = enrollment.hold_for_study(session, study.enrollment_id)
    package = package_for(session, lesson_id, held.id)
    version = version_of(package)
    item = version.manifest.item(sco_id)
    runtime = runtime_of(version.standard)
    if runtime.statements is None or item is None:
        sentence = "Only parts of cmi5 and xAPI courses are waived. Mark the lesson as done instead."
        raise Invalid(sentence, errors=[FieldError("sco_id", sentence)])
    now = clock.now()
    # Not stored: nobody opened anything, but the statements need a session.
    record = Launch(
        id="",
        user_id=user_id,
        enrollment_id=held.id,
        lesson_id=lesson_id,
        package_id=package.id,
        sco_id=item.id,
        preview=False,
        created_at=now,
        last_seq=0,
    )
    runtime.prepare(session, subject, record, item)
    is_first = not has_begun(session, held.id, package)
    if is_first:
        begin(session, version, package, record, now)
    attempt = attempt_for(session, user_id, held.id, package, item, now)
    before = Before.of(attempt, record)
    if before.status in scorm12.DONE:
        raise Conflict("The student has done this part already.")
    said = runtime.statements.waive(session, version, record, item, attempt, reason, first=is_first, now=now)
    settle(session, record, held, version, attempt, before, now, changed=True)
    history.record(
        session,
        subject,
        Action.CONTENT_PART_WAIVED,
        attempt.id,
        student_id=user_id,
        enrollment_id=held.id,
        reason=reason,
        lesson_id=lesson_id,
        sco_id=item.id,
        title=item.title,
        status_before=before.status,
        status=attempt.cmi_core_lesson_status or scorm12.NOT_ATTEMPTED,
    )
    session.flush()
    record_store.store_own(session, said)
