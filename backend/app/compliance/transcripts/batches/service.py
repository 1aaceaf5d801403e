"""Transcripts for a class or for the graduates of a program: looked at first, then issued by a worker.

The worker goes on where a killed one stopped: what became of each student is written in the transaction of the
register, so nobody gets two transcripts and nobody is forgotten.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.compliance.transcripts import issuing, policy
from app.compliance.transcripts.batches import queries
from app.compliance.transcripts.batches.queries import Became
from app.compliance.transcripts.holds import service as holds
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, NotFound, Problem
from app.core.files import FileStore
from app.core.jobs import enqueue
from app.core.permissions import SYSTEM, Actor, Subject, internal
from app.db.models import TranscriptBatch
from app.db.session import Database
from app.documents import service as documents
from app.documents.service import Draft, Outcome
from app.settings import Settings
from app.web.imports.description import actor_of

AT_A_TIME = 20
"""So many numbers are reserved at once."""
LANES = 2
"""So many blocks are worked at once: one is drawn while the other is read or written down. A killed worker leaves at
most so many blocks of numbers void."""
MOST = 2000
SHOWN = 500
_HAS = "Has {} already."
LEFT = "The system failed too often while it issued these transcripts, and has given up."


@dataclass(frozen=True, slots=True)
class Candidate:
    """A student of a batch. `why_not` says why no transcript would be issued."""

    enrollment_id: int
    student: str
    program: str
    why_not: str | None


@dataclass(frozen=True, slots=True)
class Candidates:
    title: str
    everybody: Sequence[Candidate]

    @property
    def chosen(self) -> list[int]:
        """The enrollments that transcripts would be issued for."""
        return [one.enrollment_id for one in self.everybody if one.why_not is None]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a batch is, and what became of each."""

    batch: TranscriptBatch
    total: int
    issued: int
    refused: int
    items: Sequence[Any]

    @property
    def percent(self) -> int:
        return 100 if not self.total else (self.issued + self.refused) * 100 // self.total


def choices(session: Session, subject: Subject) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    """Programs and classes to choose from."""
    policy.require_issue(subject)
    return queries.choices(session)


def candidates(
    session: Session, subject: Subject, *, program_id: int | None = None, class_id: int | None = None
) -> Candidates:
    """Who would get a transcript, and who would not and why. Raises Forbidden, NotFound."""
    policy.require_issue(subject)
    title = (
        queries.program_title(session, program_id)
        if program_id is not None
        else queries.class_title(session, class_id or 0)
    )
    if title is None:
        raise NotFound("There is no such program or class.")
    rows = queries.candidates(session, program_id=program_id, class_id=class_id)
    return Candidates(
        title,
        [
            Candidate(
                row.id,
                row.student,
                row.program,
                _HAS.format(row.number) if row.number else f"On hold: {row.hold}" if row.hold else None,
            )
            for row in rows
        ],
    )


def start(
    session: Session, subject: Subject, *, program_id: int | None = None, class_id: int | None = None
) -> TranscriptBatch:
    """Have the transcripts issued by a worker. Raises what `candidates` raises, Conflict where nobody would get one."""
    issuing.require_proof(subject)
    found = candidates(session, subject, program_id=program_id, class_id=class_id)
    if not found.chosen:
        raise Conflict("None of these students would get a transcript now, so nothing was started.")
    if len(found.chosen) > MOST:
        raise Conflict(f"These are more than {MOST:,} students. Choose a class instead. Nothing was started.")
    batch = TranscriptBatch(
        program_id=program_id, class_id=class_id, title=found.title, asked_by=subject.user_id
    )
    queries.add(session, batch, found.chosen)
    history.record(
        session,
        subject,
        Action.TRANSCRIPTS_ASKED,
        batch.id,
        title=found.title,
        count=len(found.chosen),
    )
    from app.compliance.transcripts.batches.jobs import issue_batch  # noqa: PLC0415 - the job calls this module

    # One batch after another: the second of two about the same students finds what the first has issued.
    enqueue(session, issue_batch, lock="transcripts", batch_id=batch.id)
    return batch


def progress(session: Session, subject: Subject, batch_id: int) -> Progress:
    """How far a batch is. Raises Forbidden, NotFound."""
    policy.require_read_all(subject)
    batch = queries.find(session, batch_id)
    if batch is None:
        raise NotFound(policy.NO_BATCH)
    return Progress(batch, *queries.counts(session, batch_id), queries.items(session, batch_id, SHOWN))


def recent(session: Session, subject: Subject) -> Sequence[TranscriptBatch]:
    """The batches that were asked for last."""
    policy.require_read_all(subject)
    return queries.recent(session)


@internal("the worker’s part of what a person was allowed to ask for")
def work(database: Database, files: FileStore, settings: Settings, batch_id: int) -> None:
    """Issue what is left of a batch, some blocks of numbers at a time."""
    with database.begin() as session:
        batch = queries.find(session, batch_id)
        if batch is None or batch.finished_at is not None:
            return
        numbers = queries.to_do(session, batch_id)
    blocks = [numbers[place : place + AT_A_TIME] for place in range(0, len(numbers), AT_A_TIME)]
    with ThreadPoolExecutor(LANES) as lanes:
        # The result of each is asked for, so that what one raises is raised here, and no other block is begun.
        list(lanes.map(lambda block: _work_block(database, files, settings, batch_id, block), blocks))
    with database.begin() as session:
        actor = _actor(session, settings, batch_id)
        if actor is not None:
            _finish(session, actor, batch_id)


def _work_block(
    database: Database, files: FileStore, settings: Settings, batch_id: int, numbers: Sequence[int]
) -> None:
    with database.begin() as session:
        actor = _actor(session, settings, batch_id)
    if actor is None:
        return
    ready = _drafts(database, actor, files, settings, batch_id, numbers)

    def follow(session: Session, outcomes: Sequence[Outcome]) -> None:
        became: dict[int, Became] = {
            one.draft.enrollment_id or 0: (one.document.id if one.document else None, one.problem)
            for one in outcomes
        }
        queries.note(session, batch_id, became)

    documents.issue_all(database, actor, files, settings, ready, follow)


def _actor(session: Session, settings: Settings, batch_id: int) -> Actor | None:
    """Whoever asked for a batch that goes on; it ends here when they may no longer."""
    batch = queries.find(session, batch_id)
    if batch is None or batch.finished_at is not None:
        return None
    actor = SYSTEM if batch.asked_by is None else actor_of(session, settings, batch.asked_by)
    if actor is not None and policy.may_issue(actor):
        return actor
    _finish(session, SYSTEM, batch_id, "The person who asked for this may no longer issue transcripts.")
    return None


@internal("the system says so of a batch that its worker cannot go on with")
def end_left(session: Session) -> list[int]:
    """End the batches that no job works on any more, with the reason; their numbers."""
    found = queries.left(session)
    for batch_id in found:
        _finish(session, SYSTEM, batch_id, LEFT)
    return found


def _finish(session: Session, actor: Actor, batch_id: int, problem: str | None = None) -> None:
    _total, issued, refused = queries.counts(session, batch_id)
    if queries.finish(session, batch_id, clock.now(), problem):
        history.record(session, actor, Action.TRANSCRIPTS_ENDED, batch_id, issued=issued, refused=refused)


def _drafts(
    database: Database,
    actor: Actor,
    files: FileStore,
    settings: Settings,
    batch_id: int,
    numbers: Sequence[int],
) -> list[Draft]:
    """The drafts of these enrollments; of one that cannot be had, the reason is noted."""
    with database.begin() as session:
        have = queries.valid_numbers(session, numbers)
        became: dict[int, Became] = {number: (None, _HAS.format(known)) for number, known in have.items()}
        left = [number for number in numbers if number not in have]
        students = queries.students_of(session, left)
        held = holds.sentences_of(session, set(students.values()))
        free = [number for number in left if not held[students[number]]]
        try:
            made = issuing.drafts(session, actor, files, settings, free) if free else {}
        except Problem:
            made = {}
        for number in left:
            if number in made:
                continue
            # One by one, so that each has its own reason.
            try:
                made[number] = issuing.draft(session, actor, files, settings, number)
            except Problem as problem:
                became[number] = (None, problem.detail)
        queries.note(session, batch_id, became)
    return list(made.values())
