"""A student opens an assignment and hands in; files go to those who may read them."""

import unicodedata
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.academics import service as academics
from app.content import queries as content_queries
from app.content.assignments import kinds, policy, queries
from app.content.assignments.definitions.service import find_assignment
from app.content.assignments.schemas import Asked, Kept, Opened, Upload, Work
from app.core import clock, history, views
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound, TooLarge
from app.core.files import FileStore, claims, intake, quota
from app.core.permissions import Subject, internal
from app.core.turns import take_turn
from app.core.views import Part
from app.db.models import AssignmentVersion, HandIn, HandInFile, HandInGrade
from app.enrollment import service as enrollment
from app.rules import assignments as rules

__all__ = ["hand_in", "keep", "open_assignment", "read_file", "read_returned", "require_open", "works_of"]
_ROOM = "content.hand_ins"
_COMPLETED = "You have completed this program, so there is nothing more to hand in."


def open_assignment(
    session: Session, subject: Subject, lesson_id: int, zone: ZoneInfo, at: datetime | None = None
) -> Opened:
    """An assignment as its student sees it: what is asked, until when, what they handed in, and released grades.

    Lateness is judged at the moment `at`, now without it.

    Raises NotFound for a lesson that is none of the person's own, and for one that is no assignment.
    """
    study = enrollment.study_for(session, user_id=subject.user_id, lesson_id=lesson_id)
    found = find_assignment(session, lesson_id)
    place = academics.lesson_place(session, lesson_id)
    works = works_of(session, queries.hand_ins_of(session, found.id, study.enrollment_id))
    every = {one.id: Asked(one) for one in queries.versions(session, found.id)}
    asked = Asked(queries.version_in_use(session, found.id))
    now = at or clock.now()
    own = queries.allowances(session, found.id, [study.enrollment_id]).get(study.enrollment_id)
    dates = queries.dues_of(session, found.id, [study.enrollment_id], clock.today(zone))
    due_at = rules.due_for(dates.get(study.enrollment_id, ()), own.due_at if own else None)
    late = rules.lateness(due_at, now, asked.late_policy)
    again_after = own.again_after if own else None
    why_not = enrollment.why_not_open(session, study.enrollment_id, lesson_id) if study.counts else _COMPLETED
    is_closed = study.counts and why_not is not None
    if why_not is None:
        why_not = rules.may_hand_in_again(
            works[0].row.number if works else 0,
            several=asked.version.several,
            again_after=again_after,
            on_time=late.days == 0,
            graded=bool(works and works[0].grades),
        )
    invited = bool(works) and again_after == works[0].row.number
    if why_not is None and not late.accepted and not invited:
        why_not = "The due date has passed, and late work is no longer accepted. Ask your instructor."
    return Opened(
        place,
        asked,
        study.enrollment_id,
        due_at,
        own_due=own is not None and own.due_at is not None and own.due_at == due_at,
        lateness=rules.Lateness(0, accepted=True, deduction_pct=0) if invited else late,
        works=works,
        why_not=why_not,
        is_closed=is_closed and not works,
        versions=every,
    )


def require_open(session: Session, subject: Subject, lesson_id: int, zone: ZoneInfo) -> None:
    """Raises NotFound or Conflict unless the person may hand in now: asked before two gigabytes are read."""
    opened = open_assignment(session, subject, lesson_id, zone)
    if opened.why_not is not None and not opened.works:
        raise Conflict(opened.why_not)


def hand_in(
    session: Session,
    subject: Subject,
    store: FileStore,
    lesson_id: int,
    uploads: Sequence[Upload],
    *,
    request: UUID,
    note: str | None,
    zone: ZoneInfo,
    began_at: datetime | None = None,
) -> HandIn:
    """Take in a student's work. The same form sent twice is one hand-in; acknowledged means kept.

    Late or not is judged by `began_at`, when the upload began; now without it.

    Raises NotFound for a lesson that is none of the person's own, Conflict where nothing can be handed in (any more),
    Invalid naming each file that is not accepted, TooLarge, and what the scanner and the quota raise.
    """
    opened = open_assignment(session, subject, lesson_id, zone, began_at)
    known = queries.by_request(session, request)
    if known is not None:
        return _the_same(known, opened)
    if opened.why_not is not None:
        raise Conflict(opened.why_not)
    content_queries.allow_long_pauses(session)
    kept = keep(session, store, uploads, opened.asked.version)
    # From here on one after the other, in the order in which a grade takes its locks too.
    take_turn(session, f"hand-ins {opened.enrollment_id}")
    known = queries.by_request(session, request)
    if known is not None:
        return _the_same(known, opened)
    held = enrollment.hold_for_study(session, opened.enrollment_id)
    again = open_assignment(session, subject, lesson_id, zone, began_at)
    if again.why_not is not None:
        raise Conflict(again.why_not)
    row = HandIn(
        assignment_id=opened.asked.version.assignment_id,
        version_id=opened.asked.version.id,
        enrollment_id=held.id,
        number=again.works[0].row.number + 1 if again.works else 1,
        request=request,
        note=note,
        due_at=again.due_at,
        late_days=again.lateness.days,
        deduction_pct=again.lateness.deduction_pct,
        waits=True,
        handed_in_at=clock.now(),
    )
    queries.add(session, row)
    for place, one in enumerate(kept, start=1):
        session.add(
            HandInFile(
                hand_in_id=row.id,
                place=place,
                name=one.name,
                media_type=one.media_type,
                sha256=one.stored.sha256,
                size_bytes=one.stored.size,
            )
        )
    queries.stop_waiting(session, [one.row.id for one in again.works])
    claims.claim_all(session, [(one.stored, one.media_type) for one in kept], room=_ROOM, row=row.id)
    history.record(
        session,
        subject,
        Action.HAND_IN_RECEIVED,
        row.id,
        student_id=subject.user_id,
        enrollment_id=held.id,
        lesson_id=lesson_id,
        title=opened.lesson.title,
        number=row.number,
        sha256=[one.stored.sha256 for one in kept],
        late_days=row.late_days,
    )
    session.flush()
    return row


@internal("a step of handing in, and of returning a file with a grade")
def keep(
    session: Session,
    store: FileStore,
    uploads: Sequence[Upload],
    version: AssignmentVersion,
    field: str = kinds.FIELD,
) -> list[Kept]:
    """Look at files, have them scanned, and put them into the store; nothing is kept unless all of them may be.

    Raises Invalid at `field` for each file that is not accepted, TooLarge.
    """
    if len(uploads) > version.max_files:
        raise _wrong(field, f"This assignment takes {version.max_files} files at most. Choose fewer.")
    if sum(one.file.seek(0, 2) for one in uploads) > version.max_bytes:
        sentence = (
            f"These files are larger than the {quota.amount(version.max_bytes)} that this assignment takes."
        )
        raise TooLarge(sentence, errors=[FieldError(field, sentence)])
    found: list[kinds.Found] = []
    faults: list[FieldError] = []
    with ExitStack() as stripped:
        for one in uploads:
            try:
                known = kinds.recognize(_plain(one.name), one.file, version.kinds, field)
            except Invalid as refused:
                faults += refused.errors
                continue
            found.append(known)
            if known.content is not None:
                stripped.enter_context(known.content)
        if faults:
            raise Invalid(" ".join(fault.message for fault in faults), errors=faults)
        sources = [
            upload.file if known.content is None else known.content
            for upload, known in zip(uploads, found, strict=True)
        ]
        looked = [intake.examine_file(store, source) for source in sources]
        for size in looked:
            quota.require_room(session, [size])
        quota.require_room(session, looked)
        return [
            Kept(known.name, known.media_type, store.put(source))
            for known, source in zip(found, sources, strict=True)
        ]


@internal("a step of showing hand-ins to who may read them")
def works_of(session: Session, rows: Sequence[HandIn]) -> list[Work]:
    """Hand-ins with their files and grades: two queries."""
    numbers = [row.id for row in rows]
    files = queries.files_of(session, numbers)
    grades = queries.grades_of(session, numbers)
    return [Work(row, files.get(row.id, []), grades.get(row.id, [])) for row in rows]


@views.opens(Part.LESSONS, student=lambda found, _given: found[1], record=lambda found: found[0].id)
def read_file(session: Session, subject: Subject, file_id: int) -> tuple[HandInFile, int]:
    """A file that was handed in, and whose it is. Raises NotFound for other people's."""
    row = queries.file(session, file_id)
    if row is None:
        raise NotFound(policy.NO_WORK)
    policy.require_read(session, subject, row.user_id)
    return row.HandInFile, row.user_id


@views.opens(Part.LESSONS, student=lambda found, _given: found[1], record=lambda found: found[0].id)
def read_returned(session: Session, subject: Subject, grade_id: int) -> tuple[HandInGrade, int]:
    """The grade whose returned file is asked for, and whose it is. Raises NotFound for other people's, for a student's
    own before it is released, and for a grade without a file."""
    row = queries.grade(session, grade_id)
    if row is None or row.HandInGrade.file_sha256 is None:
        raise NotFound(policy.NO_WORK)
    policy.require_read(session, subject, row.user_id)
    if row.user_id == subject.user_id and row.HandInGrade.released_at is None:
        raise NotFound(policy.NO_WORK)
    return row.HandInGrade, row.user_id


def _the_same(known: HandIn, opened: Opened) -> HandIn:
    if (known.enrollment_id, known.assignment_id) != (
        opened.enrollment_id,
        opened.asked.version.assignment_id,
    ):
        raise Conflict("This form was used for other work. Nothing was saved; open the assignment again.")
    return known


def _plain(name: str) -> str:
    """The last part of a file's name, printable."""
    last = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    shown = "".join(sign for sign in last if sign.isprintable() and not "\ud800" <= sign <= "\udfff")
    stem, dot, ending = shown.rpartition(".")
    return f"{stem[:200]}.{ending[:20]}" if dot else shown[:200] or "file"


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
