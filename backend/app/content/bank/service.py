"""Questions: written, changed as versions, taken out, and their keys corrected."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from app.academics import service as academics
from app.content.bank import policy, queries
from app.content.bank.corrections import OWNER, correct, foresee, on_key_corrected
from app.content.bank.lines import Parsed, as_lines, parse
from app.content.bank.schemas import (
    Asked,
    EditForm,
    QuestionFields,
    QuestionForm,
    QuestionOut,
)
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.files import FileStore, StoredFile, claims, intake, quota
from app.core.later import later
from app.core.permissions import Subject, internal
from app.db.models import Question, QuestionVersion
from app.web.listing import Listing
from app.web.paging import Paging

if TYPE_CHECKING:
    from PIL import Image
else:
    Image = later("PIL.Image")

__all__ = [
    "asked",
    "change",
    "choices",
    "correct",
    "create",
    "foresee",
    "hold",
    "list_questions",
    "modules",
    "newest_versions",
    "on_key_corrected",
    "picture",
    "read",
    "read_edit",
    "require_known",
    "set_retired",
    "versions_of",
]
_LARGEST_PICTURE = 10 * 1024**2
_MOST_PIXELS = 40_000_000
_FORMATS = ("JPEG", "PNG", "WEBP")
_PICTURES = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
"""A phone's JPEG with a second picture behind it opens as MPO."""
_NO_PICTURE = "This file can’t be read as a picture. Choose a JPEG, PNG or WebP file."


def list_questions(
    session: Session,
    subject: Subject,
    paging: Paging,
    program_id: int,
    *,
    module_id: int | None = None,
    kind: str | None = None,
    retired: bool = False,
) -> Listing[QuestionOut]:
    """A program's questions. Raises Forbidden, NotFound."""
    policy.require_read(session, subject, program_id)
    academics.read_program(session, subject, program_id)
    listing: Listing[QuestionOut] = queries.questions(
        session, paging, program_id, module_id=module_id, kind=kind, retired=retired
    ).map(_out)
    return listing


def choices(session: Session, subject: Subject, program_id: int) -> list[QuestionOut]:
    """The questions that a quiz of the program may be made of. Raises Forbidden, NotFound."""
    policy.require_read(session, subject, program_id)
    return [_out(row) for row in queries.all_of(session, program_id)]


def modules(session: Session, subject: Subject, program_id: int) -> list[tuple[int, str]]:
    """The modules that a question may belong to. Raises Forbidden, NotFound."""
    policy.require_read(session, subject, program_id)
    return queries.modules_of(session, program_id)


def read(session: Session, subject: Subject, question_id: int) -> QuestionOut:
    """A question with its key. Raises Forbidden, NotFound."""
    if not policy.may_look(subject):
        policy.require_open(subject)
    row = queries.find(session, question_id)
    if row is None:
        raise NotFound("There is no such question.")
    policy.require_read(session, subject, row.Question.program_id)
    return _out(row)


def read_edit(session: Session, subject: Subject, question_id: int, edit: int) -> QuestionOut:
    """A question as an older edit wrote it, with its key as it was corrected last. Raises Forbidden, NotFound."""
    found = read(session, subject, question_id)
    version = queries.of_edit(session, question_id, edit)
    if version is None:
        raise NotFound("There is no such version of the question.")
    return replace(
        found,
        version_id=version.id,
        version=version.version,
        edit=version.edit_version or version.version,
        prompt=version.prompt,
        points=version.points,
        content=version.content,
        key=version.key,
        lines=as_lines(found.kind, version.content, version.key),
        feedback=version.feedback,
        has_image=version.image_sha256 is not None,
    )


def versions_of(session: Session, subject: Subject, question_id: int) -> Sequence[Any]:
    """All versions of a question, newest first: pairs of the version and who saved it."""
    read(session, subject, question_id)
    return queries.history_of(session, question_id)


def picture(session: Session, subject: Subject, store: FileStore, question_id: int) -> tuple[bytes, str]:
    """The picture of a question's newest version: bytes and type. Raises Forbidden, NotFound."""
    read(session, subject, question_id)
    row = queries.find(session, question_id)
    version: QuestionVersion | None = None if row is None else row.QuestionVersion
    if version is None or version.image_sha256 is None:
        raise NotFound("This question has no picture.")
    return store.read_bytes(version.image_sha256), version.image_type or "image/png"


def create(
    session: Session, subject: Subject, store: FileStore, program_id: int, values: QuestionForm
) -> QuestionVersion:
    """Write a question. Raises Forbidden, NotFound, Invalid at the field."""
    policy.require_edit(session, subject, program_id)
    academics.read_program(session, subject, program_id)
    _require_module(session, program_id, values.module_id)
    parsed = parse(values.kind, values.lines, values.value, values.tolerance)
    question = Question(
        program_id=program_id, module_id=values.module_id, kind=values.kind, created_by=subject.user_id
    )
    session.add(question)
    session.flush()
    return _write(session, subject, store, question, 1, values, parsed, None)


def change(
    session: Session, subject: Subject, store: FileStore, question_id: int, values: EditForm
) -> QuestionVersion:
    """Save a question as its next version; quizzes that are published keep the version they have.

    Raises Forbidden, NotFound, Invalid, Conflict when somebody has saved it meanwhile.
    """
    question, last = _held(session, subject, question_id, values.version)
    _require_module(session, question.program_id, values.module_id)
    parsed = parse(question.kind, values.lines, values.value, values.tolerance)
    question.module_id = values.module_id
    number = queries.last_number(session, question_id) + 1
    return _write(session, subject, store, question, number, values, parsed, last)


def set_retired(session: Session, subject: Subject, question_id: int, *, retired: bool) -> None:
    """Take a question out of the bank or put it back; published quizzes keep it. Raises Forbidden, NotFound."""
    found = read(session, subject, question_id)
    policy.require_edit(session, subject, found.program_id)
    if (found.retired_at is not None) == retired:
        return
    queries.retire(session, question_id, clock.now() if retired else None)
    history.record(
        session,
        subject,
        Action.QUESTION_RETIRED if retired else Action.QUESTION_RESTORED,
        question_id,
        question_id=question_id,
        version=found.version,
    )


@internal("names questions to a lesson that somebody may change")
def newest_versions(session: Session, question_ids: Collection[int]) -> dict[int, int]:
    """Question -> its newest version; those that were taken out are left out."""
    return queries.newest_versions(session, question_ids)


@internal("a step of saving a lesson's quiz")
def require_known(session: Session, lesson_id: int, question_ids: Collection[int]) -> None:
    """Raises Invalid unless all are questions of the lesson's program."""
    program_id = academics.lesson_place(session, lesson_id).program_id
    if set(question_ids) - queries.known_in(session, program_id, question_ids):
        raise Invalid("A question of the quiz is not in this program’s bank. Choose its questions again.")


@internal("a step of ending an attempt at a quiz")
def hold(session: Session, version_ids: Collection[int]) -> None:
    """Keep the keys that an attempt is about to be graded by: a correction comes before it, or finds it submitted.

    To be called before the enrollment is held, in the order in which a correction takes its locks.
    """
    queries.hold(session, version_ids)


@internal("names what a quiz asks to the quiz that asks it")
def asked(session: Session, version_ids: Collection[int]) -> dict[int, Asked]:
    """Versions by number, each with the key that holds for it now."""
    rows = queries.versions(session, version_ids)
    corrections = queries.corrections(session, {row.QuestionVersion.question_id for row in rows})
    found: dict[int, Asked] = {}
    for version, kind in rows:
        holds = version
        while holds.id in corrections:  # a correction may have been corrected in turn
            holds = corrections[holds.id]
        found[version.id] = Asked(
            version.id,
            version.question_id,
            kind,
            version.prompt,
            version.points,
            holds.content,
            holds.key,
            version.feedback,
            version.image_sha256,
            version.image_type,
        )
    return found


def _held(
    session: Session, subject: Subject, question_id: int, version: int
) -> tuple[Question, QuestionVersion]:
    policy.require_open(subject)
    question = queries.lock(session, question_id)
    if question is None:
        raise NotFound("There is no such question.")
    policy.require_edit(session, subject, question.program_id)
    row = queries.find(session, question_id)
    if row is None:
        raise NotFound("There is no such question.")
    last: QuestionVersion = row.QuestionVersion
    if last.version != version:
        raise Conflict(
            f"{row.saved_by or 'Someone else'} saved this question while you were editing it. Your changes are still "
            "on this page but were not saved. Copy them, open the question again, and enter them there."
        )
    return question, last


def _write(
    session: Session,
    subject: Subject,
    store: FileStore,
    question: Question,
    version: int,
    values: QuestionFields,
    parsed: Parsed,
    last: QuestionVersion | None,
) -> QuestionVersion:
    stored: tuple[StoredFile, str] | None = None
    if question.kind == "hotspot":
        stored = _picture(session, store, values, last)
    record = QuestionVersion(
        question_id=question.id,
        version=version,
        prompt=values.prompt,
        points=values.points,
        content=parsed.content,
        key=parsed.key,
        feedback=values.feedback,
        image_sha256=None if stored is None else stored[0].sha256,
        image_type=None if stored is None else stored[1],
        saved_by=subject.user_id,
        saved_at=clock.now(),
    )
    session.add(record)
    session.flush()
    if stored is not None:
        claims.claim(session, stored[0], room=OWNER, row=record.id, media_type=stored[1])
    history.record(
        session,
        subject,
        Action.QUESTION_SAVED,
        record.id,
        question_id=question.id,
        version=version,
    )
    return record


def _picture(
    session: Session, store: FileStore, values: QuestionFields, last: QuestionVersion | None
) -> tuple[StoredFile, str]:
    if values.image is None:
        if last is None or last.image_sha256 is None:
            raise _wrong("Choose the picture that the question is about: JPEG, PNG or WebP.")
        known = store.found(last.image_sha256)
        return StoredFile(
            last.image_sha256, 0 if known is None else known.size
        ), last.image_type or "image/png"
    file = values.image.file
    if file.seek(0, 2) > _LARGEST_PICTURE:
        raise _wrong("This picture is larger than 10 MB. Choose a smaller one.")
    file.seek(0)
    content = file.read()
    try:
        with Image.open(BytesIO(content), formats=_FORMATS) as picture:
            kind = _PICTURES.get(picture.format or "")
            if kind is None:
                raise _wrong(_NO_PICTURE)
            if picture.width * picture.height > _MOST_PIXELS:
                raise _wrong("This picture has too many pixels. Choose a smaller one.")
            picture.verify()
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError):
        raise _wrong(_NO_PICTURE) from None
    quota.require_room(session, [intake.examine_file(store, BytesIO(content))])
    return store.put(BytesIO(content)), kind


def _require_module(session: Session, program_id: int, module_id: int | None) -> None:
    if module_id is not None and module_id not in dict(queries.modules_of(session, program_id)):
        sentence = "This module is not part of the program."
        raise Invalid(sentence, errors=[FieldError("module_id", sentence)])


def _out(row: Any) -> QuestionOut:
    question, version = row.Question, row.QuestionVersion
    return QuestionOut(
        id=question.id,
        program_id=question.program_id,
        module_id=question.module_id,
        module_name=row.module,
        kind=question.kind,
        version_id=version.id,
        version=version.version,
        edit=version.edit_version or version.version,
        prompt=version.prompt,
        points=version.points,
        content=version.content,
        key=version.key,
        lines=as_lines(question.kind, version.content, version.key),
        feedback=version.feedback,
        has_image=version.image_sha256 is not None,
        saved_at=version.saved_at,
        saved_by=row.saved_by,
        retired_at=question.retired_at,
    )


def _wrong(sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError("image", sentence)])
