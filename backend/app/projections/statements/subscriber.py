"""The school's own xAPI statements, derived from the history."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from app.academics import service as academics
from app.core.actions import Action
from app.core.installation import Installation, installation
from app.db.models import AuditEntry
from app.enrollment import service as enrollment
from app.enrollment.service import Learner
from app.lrs import service as lrs
from app.projections import queries
from app.projections.statements.facts import (
    HOURS_STATED,
    STATED,
    JsonObject,
    NamedProgram,
    PlacedLesson,
    facts_of,
    statement_id,
    states_hours,
)
from app.projections.subscription import Subscriber


def _apply(session: Session, entries: Sequence[AuditEntry]) -> None:
    known = installation(session)
    learners = enrollment.learners(
        session, {entry.enrollment_id for entry in entries if entry.enrollment_id is not None}
    )
    lessons = _lessons(session, entries)
    statements: list[JsonObject] = []
    for entry in entries:
        if entry.action == Action.IMPORT_UNDONE:
            statements += _taken_back(session, known, entry)
            continue
        # Whoever was removed for good is no learner any more.
        learner = learners.get(entry.enrollment_id or 0)
        if learner is not None:
            lesson = lessons.get(entry.details.get("lesson_id", 0))
            statements += _statements(session, known, entry, learner, lesson)
    lrs.store_own(session, statements)


def _statements(
    session: Session, known: Installation, entry: AuditEntry, learner: Learner, lesson: PlacedLesson | None
) -> Iterator[JsonObject]:
    action = Action(entry.action)  # type: ignore[call-arg]
    # A person who does something about themselves is no instructor of it.
    by = None
    if entry.actor_id is not None and entry.actor_id != learner.user_id:
        by = (entry.actor_id, entry.actor_name or "")
    if action is Action.ATTENDANCE_CORRECTED:
        stated = _stated_before(session, known, entry)
        if stated is not None:
            voiding = statement_id(known, entry.id, "voided")
            at = entry.occurred_at
            yield lrs.voiding_of(known.home_page, voiding, stated, by=by, at=at)
    program = NamedProgram(learner.program_id, learner.program_name)
    for fact in facts_of(action, entry.details, program, lesson):
        yield lrs.statement_of(
            known.home_page,
            statement_id(known, entry.id, fact.key),
            person=(learner.user_id, learner.full_name),
            verb=fact.verb,
            about=fact.about,
            at=fact.at or entry.occurred_at,
            registration=lrs.registration_of(known.home_page, learner.enrollment_id),
            parents=fact.parents,
            result=fact.result,
            instructor=by,
        )


def _taken_back(session: Session, known: Installation, entry: AuditEntry) -> Iterator[JsonObject]:
    """Voidings of what was stated of enrollments that an import made, when the import was undone."""
    if entry.details["kind"] != "enrollments":
        return
    made = queries.entries_about(
        session,
        Action.ENROLLMENT_CREATED,
        Action.ENROLLMENT_CREATED.target,
        entry.details["records"],
        before=entry.id,
    )
    # An import that was undone before its statements were derived left none.
    stated = {one.id: statement_id(known, one.id, "registered") for one in made}
    there = lrs.stored_of(session, stated.values())
    by = None if entry.actor_id is None else (entry.actor_id, entry.actor_name or "")
    for number, identifier in stated.items():
        if identifier in there:
            voiding = statement_id(known, entry.id, f"voided/{number}")
            yield lrs.voiding_of(known.home_page, voiding, identifier, by=by, at=entry.occurred_at)


def _stated_before(session: Session, known: Installation, entry: AuditEntry) -> UUID | None:
    """The statement that stated these hours so far, None when none did."""
    before = queries.hours_entries_before(session, entry, [action.value for action in HOURS_STATED])
    if before is None:
        return None
    number, name, details = before
    # Before statements were derived from the history they had identifiers of their own.
    if "statement_id" in details:
        return UUID(details["statement_id"])
    action = Action(name)  # type: ignore[call-arg]
    return statement_id(known, number, HOURS_STATED[action]) if states_hours(action, details) else None


def _lessons(session: Session, entries: Sequence[AuditEntry]) -> dict[int, PlacedLesson]:
    numbers = {number for entry in entries if isinstance(number := entry.details.get("lesson_id"), int)}
    return {
        place.id: PlacedLesson(
            place.id,
            place.title,
            place.module_id,
            place.module_name,
            NamedProgram(place.program_id, place.program_name),
        )
        for place in academics.lesson_places(session, numbers)
    }


SUBSCRIBER = Subscriber(
    name="statements",
    title="Statements in the learning record store",
    actions=STATED | {Action.IMPORT_UNDONE},
    apply=_apply,
    replayable=True,
)
