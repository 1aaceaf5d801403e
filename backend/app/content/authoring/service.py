"""Writing a lesson: saved states that never change, one of which is published and becomes what students get."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import orjson
from sqlalchemy.orm import Session

from app.academics import service as academics
from app.content import policy, queries
from app.content.assignments.lessons import require_no_assignment
from app.content.authoring import queries as text_queries
from app.content.authoring.markdown import Rendered, render
from app.content.authoring.schemas import MediaOut, Quiz, TextOut
from app.content.bank import service as bank
from app.content.packages.current import FileIn, make_current
from app.content.packages.model import Item, Manifest
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.files import FileStore, StoredFile
from app.core.permissions import Subject, internal
from app.db.models import ContentPackage, ContentType, LessonText
from app.web.listing import Listing
from app.web.paging import Paging

PART = "lesson"
"""The one part of a written lesson."""


def list_written(
    session: Session, subject: Subject, paging: Paging, program_id: int | None = None
) -> Listing[Any]:
    """Lessons that are written here, the last changed first. Raises Forbidden."""
    policy.require_read(subject)
    return text_queries.written_lessons(session, paging, program_id=program_id)


def read(session: Session, subject: Subject, lesson_id: int) -> TextOut:
    """The newest state of a lesson's text with its files, and the text as HTML. Raises Forbidden, NotFound."""
    policy.require_read(subject)
    academics.lesson_place(session, lesson_id)
    found = text_queries.newest(session, lesson_id)
    text, name = found if found is not None else (None, None)
    shown = preview(session, subject, lesson_id, "" if text is None else text.body)
    media = text_queries.media_of(session, lesson_id)
    return TextOut(
        lesson_id=lesson_id,
        version=0 if text is None else text.version,
        body="" if text is None else text.body,
        quiz=Quiz() if text is None else Quiz.model_validate(text.quiz),
        saved_by=name,
        saved_at=None if text is None else text.saved_at,
        published_version=published_version(queries.current_package(session, lesson_id)),
        rendered=shown,
        media=[MediaOut(one.name, one.media_type, one.size_bytes, one.name in shown.used) for one in media],
    )


def preview(session: Session, subject: Subject, lesson_id: int, body: str) -> Rendered:
    """A text as students would see it; nothing is saved. Raises Forbidden, NotFound."""
    policy.require_read(subject)
    academics.lesson_place(session, lesson_id)
    return render(body, _media(session, lesson_id), base=f"/lessons/{lesson_id}/write/files/")


def save(
    session: Session,
    subject: Subject,
    lesson_id: int,
    *,
    made_from: int,
    body: str | None = None,
    quiz: Quiz | None = None,
) -> LessonText:
    """Keep a text or a quiz as the next version; what is not given stays. Saving what is there already changes
    nothing.

    Raises Forbidden, NotFound, Invalid for a lesson of another kind, and Conflict when somebody has saved a version
    after `made_from`: nobody overwrites what they did not see.
    """
    policy.require_change(subject)
    writable(session, lesson_id)
    queries.lock_lesson(session, lesson_id)
    found = text_queries.newest(session, lesson_id)
    text, name = found if found is not None else (None, None)
    at = 0 if text is None else text.version
    if made_from != at:
        raise Conflict(
            f"{name or 'Someone else'} saved this lesson while you were editing it (version {at}). Your changes are "
            "still on this page but were not saved. Copy them, open the newest version, and enter them there."
        )
    next_body = text.body if body is None and text is not None else body or ""
    next_quiz = dict(text.quiz) if quiz is None and text is not None else _kept(quiz or Quiz())
    if text is not None and (text.body, text.quiz) == (next_body, next_quiz):
        return text
    if quiz is not None:
        bank.require_known(session, lesson_id, [one for pool in quiz.pools for one in pool.questions])
    record = LessonText(
        lesson_id=lesson_id,
        version=at + 1,
        body=next_body,
        quiz=next_quiz,
        saved_by=subject.user_id,
        saved_at=clock.now(),
    )
    session.add(record)
    session.flush()
    history.record(
        session,
        subject,
        Action.CONTENT_TEXT_SAVED,
        record.id,
        lesson_id=lesson_id,
        version=record.version,
    )
    return record


def publish(
    session: Session, subject: Subject, store: FileStore, lesson_id: int, *, version: int
) -> ContentPackage:
    """Make a saved version what students get who begin the lesson from now on.

    Raises Forbidden, NotFound, Conflict where `version` is no longer the newest, Invalid with every problem of the
    text: a picture without a description, a file or question that is missing.
    """
    policy.require_change(subject)
    place = writable(session, lesson_id)
    queries.lock_lesson(session, lesson_id)
    found = text_queries.newest(session, lesson_id)
    if found is None:
        raise NotFound("Nothing has been written for this lesson yet. Save the text first.")
    text = found[0]
    if text.version != version:
        raise Conflict(
            f"This lesson has a newer version ({text.version}). Nothing was published: look at it first."
        )
    media = {one.name: one for one in text_queries.media_of(session, lesson_id)}
    rendered = render(text.body, {name: one.media_type for name, one in media.items()})
    quiz = Quiz.model_validate(text.quiz)
    problems = list(rendered.problems)
    if not text.body.strip() and not quiz.is_there:
        problems.append("The lesson is empty. Write something first.")
    frozen = _frozen(session, quiz, problems)
    if problems:
        raise Invalid(" ".join(problems), errors=[FieldError("version", one) for one in problems])
    item = Item(
        id=PART,
        title=place.title,
        path="index.html",
        is_sco=True,
        details={"html": rendered.html, "quiz": frozen, "text_version": text.version},
    )
    manifest = Manifest(text_queries.STANDARD, "", f"lesson-{lesson_id}", place.title, (item,))
    source = orjson.dumps(
        {"title": place.title, "body": text.body, "quiz": frozen, "version": text.version},
        option=orjson.OPT_INDENT_2,
    )
    used = [media[name] for name in sorted(rendered.used)]
    record = make_current(
        session,
        subject,
        lesson_id,
        FileIn("lesson.json", store.put(BytesIO(source)), "application/json"),
        [FileIn(one.name, StoredFile(one.sha256, one.size_bytes), one.media_type) for one in used],
        standard=manifest.standard,
        title=manifest.title,
        manifest=manifest.to_json(),
    )
    history.record(
        session,
        subject,
        Action.CONTENT_LESSON_PUBLISHED,
        record.id,
        lesson_id=lesson_id,
        version=record.version,
        text_version=text.version,
    )
    session.flush()
    return record


def _frozen(session: Session, quiz: Quiz, problems: list[str]) -> dict[str, Any] | None:
    """The quiz with the versions of its questions as they are now; None without a quiz."""
    if not quiz.is_there:
        return None
    newest = bank.newest_versions(session, [one for pool in quiz.pools for one in pool.questions])
    if any(one not in newest for pool in quiz.pools for one in pool.questions):
        problems.append("The quiz has questions that were taken out of the bank. Choose its questions again.")
    if quiz.feedback == "due" and quiz.due_at is None:
        problems.append("The quiz shows its answers after the due date, but it has no due date. Set one.")
    pools = [
        {"draw": pool.draw, "versions": [newest[one] for one in pool.questions if one in newest]}
        for pool in quiz.pools
    ]
    return {**quiz.model_dump(mode="json", exclude={"pools"}), "pools": pools}


def _kept(quiz: Quiz) -> dict[str, Any]:
    return quiz.model_dump(mode="json") if quiz.is_there else {}


def _media(session: Session, lesson_id: int) -> Mapping[str, str]:
    return {one.name: one.media_type for one in text_queries.media_of(session, lesson_id)}


@internal("says what a version is made of to somebody who may change it")
def published_version(package: ContentPackage | None) -> int | None:
    """The version of the text that a package was made of; None for another kind of package."""
    if package is None or package.standard != text_queries.STANDARD:
        return None
    return int(package.manifest["items"][0]["details"]["text_version"])


@internal("a step of changing a lesson's text")
def writable(session: Session, lesson_id: int) -> academics.LessonPlace:
    """The lesson, if it is of the kind that may be written here. Raises NotFound, Invalid."""
    place = academics.lesson_place(session, lesson_id)
    if place.content_type != ContentType.DOCUMENT:
        raise Invalid(
            f"“{place.title}” is not a document lesson. Change its type to Document before you write it here."
        )
    require_no_assignment(session, place)
    return place
