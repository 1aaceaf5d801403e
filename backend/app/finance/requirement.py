"""The balance, as a requirement for graduation."""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.enrollment import service as enrollment
from app.enrollment.service import Candidate
from app.rules.graduation import Requirement, State


def _balance(
    _session: Session, candidates: Sequence[Candidate], _today: date, _zone: ZoneInfo
) -> dict[int, Requirement]:
    """Charges and payments are in the school's books and not here: the system says so, and does not guess."""
    sentence = "This system does not hold the student’s account. Ask the bursar whether a balance is due."
    unknown = Requirement("balance", "Balance", State.UNKNOWN, sentence)
    return {one.enrollment_id: unknown for one in candidates}


enrollment.register_requirement("balance", _balance, order=50)
