"""The checklist of one student and of many, and the requirements that are enrollment's own."""

from collections.abc import Collection, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.core.permissions import internal
from app.enrollment import policies_in_force
from app.enrollment.admissions import policy as admissions
from app.enrollment.admissions.papers import queries as papers
from app.enrollment.graduation import queries, requirements
from app.enrollment.graduation.requirements import Candidate
from app.rules.graduation import Requirement, State


@internal("a step of what was allowed before")
def of_enrollments(
    session: Session, enrollment_ids: Collection[int], today: date, zone: ZoneInfo
) -> dict[int, list[Requirement]]:
    """The checklists by enrollment: a fixed number of queries, however many there are."""
    return requirements.checklists(session, queries.candidates(session, enrollment_ids), today, zone)


def _progress(
    session: Session, candidates: Sequence[Candidate], _today: date, _zone: ZoneInfo
) -> dict[int, Requirement]:
    threshold = policies_in_force.completion_threshold_pct(session)
    return {
        one.enrollment_id: Requirement(
            "progress",
            "Lessons",
            State.MET if one.progress_pct >= threshold else State.MISSING,
            f"{one.progress_pct}% of the lessons are done; the progress policy asks for {threshold}%.",
            f"{one.progress_pct}% of {threshold}%",
            f"/enrollments/{one.enrollment_id}#progress",
        )
        for one in candidates
    }


def _documents(
    session: Session, candidates: Sequence[Candidate], today: date, _zone: ZoneInfo
) -> dict[int, Requirement]:
    lines = papers.lines_of(session, [one.user_id for one in candidates], today)
    found = {}
    for one in candidates:
        wanted = [line for line in lines if line.user_id == one.user_id]
        if not wanted:
            continue
        lacking = [line for line in wanted if line.standing not in ("valid", "expiring")]
        sentence = (
            "Every required document is here and valid."
            if not lacking
            else "Not valid: " + ", ".join(f"{line.kind} ({line.standing})" for line in lacking) + "."
        )
        found[one.enrollment_id] = Requirement(
            "documents",
            "Admission documents",
            State.MISSING if lacking else State.MET,
            sentence,
            f"{len(wanted) - len(lacking)} of {len(wanted)}",
            f"/people/{one.user_id}/admission-documents",
        )
    return found


requirements.register("progress", _progress, order=10)
requirements.register(
    "documents",
    _documents,
    order=60,
    opens=lambda _session, subject, user_id: admissions.may_see_of(subject, user_id),
)
