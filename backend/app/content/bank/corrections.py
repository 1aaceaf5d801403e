"""Keys that were wrong: what a correction would change, and the correction."""

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy.orm import Session

from app.content.bank import policy, queries
from app.content.bank.lines import Parsed, corrected, parse
from app.content.bank.schemas import CorrectionForm, Foreseen
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, Invalid, NotFound
from app.core.files import StoredFile, claims
from app.core.permissions import Subject, internal
from app.db.models import Question, QuestionVersion

OWNER = "content.questions"
"""Who claims the pictures of questions."""


class Regrader(Protocol):
    """What the room's quizzes do when a key is corrected. `wrong` are the numbers of the versions it was wrong of."""

    def foresee(self, session: Session, subject: Subject, wrong: Sequence[int], right: Parsed) -> Foreseen:
        """What the right key would change. Nothing is written."""
        ...

    def regrade(
        self, session: Session, subject: Subject, wrong: Sequence[int], right: QuestionVersion
    ) -> int:
        """Grade again what was answered, in the transaction of the correction; how many attempts that were."""
        ...


_regraders: list[Regrader] = []


@internal("wires parts of the room together at import")
def on_key_corrected(regrader: Regrader) -> None:
    """Let the room's quizzes grade again what was answered by a wrong key."""
    _regraders.append(regrader)


def foresee(session: Session, subject: Subject, question_id: int, values: CorrectionForm) -> Foreseen:
    """What the correction would change; nothing is written. Raises what `correct` raises."""
    _question, last, right = _checked(session, subject, question_id, values)
    wrong = _graded_by(session, last)
    found = [one.foresee(session, subject, wrong, right) for one in _regraders]
    changes = [change for one in found for change in one.changes]
    return Foreseen(sum(one.asked for one in found), changes, sum(one.others for one in found))


def correct(session: Session, subject: Subject, question_id: int, values: CorrectionForm) -> int:
    """Put a wrong key right: every attempt that was asked the question as this edit wrote it is graded again; answers
    how many. The newest edit is still what is asked next.

    Raises Forbidden, NotFound, Conflict, and Invalid where more than the key was changed.
    """
    question, last, right = _checked(session, subject, question_id, values)
    record = QuestionVersion(
        question_id=question.id,
        version=queries.last_number(session, question_id) + 1,
        prompt=last.prompt,
        points=last.points,
        content=right.content,
        key=right.key,
        feedback=last.feedback,
        image_sha256=last.image_sha256,
        image_type=last.image_type,
        corrects=last.id,
        edit_version=last.edit_version or last.version,
        reason=values.reason,
        saved_by=subject.user_id,
        saved_at=clock.now(),
    )
    session.add(record)
    session.flush()
    if last.image_sha256 is not None:
        # The same picture: it is in the store, and its size is known from the claim that holds it.
        stored = StoredFile(last.image_sha256, 0)
        claims.claim(session, stored, room=OWNER, row=record.id, media_type=last.image_type)
    history.record(
        session,
        subject,
        Action.QUESTION_KEY_CORRECTED,
        record.id,
        reason=values.reason,
        question_id=question.id,
        version=record.version,
        before=dict(last.key),
        after=dict(right.key),
    )
    return sum(
        one.regrade(session, subject, queries.corrected_by(session, record), record) for one in _regraders
    )


def _checked(
    session: Session, subject: Subject, question_id: int, values: CorrectionForm
) -> tuple[Question, QuestionVersion, Parsed]:
    """The question, held; the version whose key is wrong; and the right one in its words."""
    policy.require_open(subject)
    question = queries.lock(session, question_id)
    if question is None:
        raise NotFound("There is no such question.")
    policy.require_edit(session, subject, question.program_id)
    row = queries.find(session, question_id)
    last: QuestionVersion | None = None if row is None else row.QuestionVersion
    if values.edit is not None:
        last = queries.of_edit(session, question_id, values.edit)
    if last is None:
        raise NotFound("There is no such version of the question.")
    if last.version != values.version:
        raise Conflict(
            "Someone else changed this question while you were editing it. Nothing was corrected. Open the question "
            "again, and look at its key."
        )
    right = corrected(
        question.kind, last.content, parse(question.kind, values.lines, values.value, values.tolerance)
    )
    if (right.key, right.content) == (last.key, last.content):
        raise Invalid("The key is the same as before. Change which options are right, or leave the page.")
    return question, last, right


def _graded_by(session: Session, last: QuestionVersion) -> list[int]:
    """The versions whose answers are graded by this one's key: it, and what it had corrected before."""
    return [last.id, *queries.corrected_by(session, last)]
