"""The balance: a requirement for graduation, and a hold on transcripts where the school's policy says so."""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.compliance.transcripts import service as transcripts
from app.core.money import format_cents
from app.enrollment import service as enrollment
from app.enrollment.service import Candidate
from app.finance.ledger import policies_in_force
from app.finance.ledger.balances import service as balances
from app.rules.graduation import Requirement, State


def _balance(
    session: Session, candidates: Sequence[Candidate], _today: date, _zone: ZoneInfo
) -> dict[int, Requirement]:
    """Met when nothing is due; unknown where nothing was ever posted, because the books may be elsewhere."""
    policy = policies_in_force.billing(session)
    if policy.graduation_balance == "not_required":
        return {}
    known = balances.balances_of(session, [one.user_id for one in candidates])
    return {
        one.enrollment_id: _requirement(known.get(one.user_id), policy.small_balance_dollars * 100)
        for one in candidates
    }


def _requirement(cents: int | None, small: int) -> Requirement:
    if cents is None:
        sentence = "Nothing was posted to this student’s account. Ask the bursar whether a balance is due."
        return Requirement("balance", "Balance", State.UNKNOWN, sentence)
    if cents > max(small, 0):
        return Requirement(
            "balance", "Balance", State.MISSING, f"{format_cents(cents)} is due.", format_cents(cents)
        )
    sentence = "Nothing is due." if cents <= 0 else f"{format_cents(cents)} is due, which the policy allows."
    return Requirement("balance", "Balance", State.MET, sentence, format_cents(cents))


def _hold(session: Session, user_id: int) -> str | None:
    policy = policies_in_force.billing(session)
    if policy.transcript_hold == "never":
        return None
    cents = balances.balances_of(session, [user_id]).get(user_id, 0)
    if cents <= policy.small_balance_dollars * 100:
        return None
    return f"A balance of {format_cents(cents)} is due. Pay it, or ask the bursar."


enrollment.register_requirement("balance", _balance, order=50)
transcripts.register_hold("balance", _hold)
