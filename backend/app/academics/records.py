"""One program, module or lesson: found, seen unchanged, changed with its history."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.academics import queries
from app.core import history
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.permissions import Subject, internal
from app.db.models import ContentType, Lesson, Module, Program

NO_PROGRAM = "This program does not exist; it may have been deleted. Go back to the list of programs."
NO_MODULE = "This module does not exist; it may have been deleted. Go back to the program."
NO_LESSON = "This lesson does not exist; it may have been deleted. Go back to the program."
WITH_ADDRESS = frozenset({ContentType.VIDEO, ContentType.DOCUMENT})


@internal("computes from a record that one has")
def version(record: Program | Module | Lesson) -> str:
    """A short mark of what a record holds now, to notice that it changed while somebody was editing."""
    names = [
        column.name for column in record.__table__.columns if column.name not in ("order_num", "updated_at")
    ]
    values = {name: str(getattr(record, name)) for name in names}
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def find_program(session: Session, program_id: int, *, lock: bool = False) -> Program:
    program = queries.get(session, Program, program_id, lock=lock)
    if program is None:
        raise NotFound(NO_PROGRAM)
    return program


def find_outline(session: Session, program_id: int) -> Program:
    program = queries.outline(session, program_id)
    if program is None:
        raise NotFound(NO_PROGRAM)
    return program


def find_module(session: Session, module_id: int, *, lock: bool = False) -> Module:
    module = queries.get(session, Module, module_id, lock=lock)
    if module is None:
        raise NotFound(NO_MODULE)
    return module


def find_lesson(session: Session, lesson_id: int, *, lock: bool = False) -> Lesson:
    lesson = queries.get(session, Lesson, lesson_id, lock=lock)
    if lesson is None:
        raise NotFound(NO_LESSON)
    return lesson


def require_unchanged(record: Program | Module | Lesson, seen: str | None) -> None:
    if seen is not None and seen != version(record):
        raise Conflict(
            "Someone else changed this while you were editing. Your changes were not saved. Reload the "
            "page to see the change, then enter yours again."
        )


def apply_changes(
    session: Session,
    subject: Subject,
    record: Program | Module | Lesson,
    changes: Mapping[str, Any],
    action: Action,
) -> None:
    changed: dict[str, list[str | None]] = {}
    for name, value in changes.items():
        if name == "version":
            continue
        old = getattr(record, name)
        if old != value:
            changed[name] = [None if item is None else str(item) for item in (old, value)]
            setattr(record, name, value)
    if changed:
        session.flush()
        session.refresh(record)
        history.record(session, subject, action, record.id, changed=changed)


def check_content(kind: ContentType, address: str | None) -> None:
    if kind not in WITH_ADDRESS and address:
        sentence = (
            "Only videos and documents have a web address. Upload the package for this lesson after saving."
        )
        raise Invalid(sentence, errors=[FieldError("content_url", sentence)])
