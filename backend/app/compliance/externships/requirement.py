"""Verified hours of externships, as a requirement for graduation."""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.compliance.externships.placements import queries
from app.enrollment import service as enrollment
from app.enrollment.service import Candidate
from app.rules.graduation import Requirement, State
from app.web import formats


def _externship(
    session: Session, candidates: Sequence[Candidate], _today: date, _zone: ZoneInfo
) -> dict[int, Requirement]:
    numbers = [one.enrollment_id for one in candidates]
    required, verified = queries.required_hours(session, numbers), queries.verified_minutes(session, numbers)
    return {
        one.enrollment_id: _requirement(
            one, required.get(one.enrollment_id), verified.get(one.enrollment_id, 0)
        )
        for one in candidates
    }


def _requirement(one: Candidate, hours: int | None, minutes: int) -> Requirement:
    href = f"/people/{one.user_id}"
    if hours is None:
        sentence = "No placement is on record. Check whether the program has an externship."
        return Requirement("externship", "Externship", State.UNKNOWN, sentence, href=href)
    done, wanted = formats.duration_minutes(minutes), formats.duration_minutes(hours * 60)
    return Requirement(
        "externship",
        "Externship",
        State.MET if minutes >= hours * 60 else State.MISSING,
        f"{done} verified; the placement asks for {wanted}. Hours that are not verified do not count.",
        f"{done} of {wanted}",
        href,
    )


enrollment.register_requirement("externship", _externship, order=30)
