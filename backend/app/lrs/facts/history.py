"""What the record store has been told of an enrollment already, so that what it has not can be told later.

Facts from before there was a record store, rows of an import and the demo school's years are told once: each room goes
through its own rows and asks here whether a statement tells of them.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.lrs import vocabulary
from app.lrs.facts.service import lesson_iri, origin_of, part_iri, program_iri, registration_of

__internal__ = "the system records what happened"

_TOLD = text(
    "SELECT verb, object_id, timestamp, statement_id FROM xapi_statements"
    " WHERE registration = :registration AND NOT is_voided"
)


@dataclass(slots=True)
class Told:
    """The statements of one enrollment: verb and object of each, and those that tell of stays by their moment."""

    origin: str
    program_id: int
    pairs: set[tuple[str, str]] = field(default_factory=set)
    entries: dict[datetime, UUID] = field(default_factory=dict)
    """End of a stay -> the statement that tells of it."""

    @property
    def enrolled(self) -> bool:
        return (vocabulary.REGISTERED.iri, program_iri(self.origin, self.program_id)) in self.pairs

    @property
    def ended(self) -> bool:
        """Whether it is told that the enrollment was completed or withdrawn."""
        program = program_iri(self.origin, self.program_id)
        return any((verb.iri, program) in self.pairs for verb in (vocabulary.COMPLETED, vocabulary.WITHDREW))

    def completed(self, lesson_id: int) -> bool:
        return (vocabulary.COMPLETED.iri, lesson_iri(self.origin, lesson_id)) in self.pairs

    def worked(self, lesson_id: int, sco_id: str) -> bool:
        """Whether any session with this part of a lesson is told."""
        part = part_iri(self.origin, lesson_id, sco_id)
        return any((verb.iri, part) in self.pairs for verb in (vocabulary.SUSPENDED, vocabulary.TERMINATED))


def told(session: Session, *, enrollment_id: int, program_id: int) -> Told:
    """What is told of an enrollment: one walk along the index of registrations."""
    origin = origin_of(session)
    found = Told(origin, program_id)
    parameters = {"registration": registration_of(origin, enrollment_id)}
    for verb, object_id, moment, statement_id in session.execute(_TOLD, parameters):
        found.pairs.add((verb, object_id))
        if verb in (vocabulary.ATTENDED.iri, vocabulary.ABANDONED.iri):
            found.entries[moment] = statement_id
    return found
