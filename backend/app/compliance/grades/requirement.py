"""Final grades in every class that a student sat in, and skills check-offs, as requirements for graduation."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.compliance.grades import policy, schemes
from app.compliance.grades.book import queries as books
from app.compliance.grades.finals import queries as finals
from app.compliance.grades.skills import policy as skills_policy
from app.compliance.grades.skills.progress.service import missing
from app.enrollment import service as enrollment
from app.enrollment.service import Candidate
from app.rules.graduation import Requirement, State


def _grades(
    session: Session, candidates: Sequence[Candidate], today: date, _zone: ZoneInfo
) -> dict[int, Requirement]:
    numbers = [one.enrollment_id for one in candidates]
    sat = {(number, record.id): record for number, record in books.classes_of(session, numbers)}
    given = {(row.enrollment_id, row.class_id): row for row in finals.of_enrollments(session, numbers)}
    return {
        one.enrollment_id: _requirement(
            session,
            one,
            {
                class_id: record.code
                for (number, class_id), record in sat.items()
                if number == one.enrollment_id
            },
            {class_id: row for (number, class_id), row in given.items() if number == one.enrollment_id},
            today,
        )
        for one in candidates
    }


def _requirement(
    session: Session, one: Candidate, sat: dict[int, str], given: dict[int, Any], today: date
) -> Requirement:
    href = f"/grades/students/{one.user_id}"
    classes = sat | {class_id: row.code for class_id, row in given.items()}
    if not classes:
        sentence = "The student sits in no class with a grade book, so there are no grades to look at."
        return Requirement("grades", "Final grades", State.UNKNOWN, sentence, href=href)
    lacking, passed = [], 0
    for class_id, code in sorted(classes.items(), key=lambda item: item[1]):
        row = given.get(class_id)
        if row is None:
            lacking.append(f"{code} has no approved final grade")
            continue
        scheme = schemes.of_policy(session, row.policy_id)
        letter = scheme.after_deadline(row.letter, row.complete_by, today)
        if scheme.passes(letter):
            passed += 1
        else:
            lacking.append(f"{letter} in {code} does not pass")
    return Requirement(
        "grades",
        "Final grades",
        State.MISSING if lacking else State.MET,
        "; ".join(lacking) + "." if lacking else "Every class is passed, with an approved final grade.",
        f"{passed} of {len(classes)} {'class' if len(classes) == 1 else 'classes'}",
        href,
    )


enrollment.register_requirement("grades", _grades, order=40, opens=policy.may_read)


def _skills(
    session: Session, candidates: Sequence[Candidate], _today: date, _zone: ZoneInfo
) -> dict[int, Requirement]:
    counted = missing(session, [one.enrollment_id for one in candidates])
    found = {}
    for one in candidates:
        skills = counted.get(one.enrollment_id)
        if skills is not None and skills.required:
            found[one.enrollment_id] = Requirement(
                "skills",
                "Skills check-offs",
                State.MISSING if skills.missing else State.MET,
                f"{skills}.",
                f"{skills.required - skills.missing} of {skills.required}",
                f"/skills/students/{one.user_id}",
            )
    return found


enrollment.register_requirement("skills", _skills, order=45, opens=skills_policy.may_read)
