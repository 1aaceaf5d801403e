"""Mail about refunds: to the student at each step, to the bursars and administrators when a deadline comes near."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.core import clock, history, mail
from app.core.actions import Action
from app.core.money import format_cents
from app.core.permissions import SYSTEM, Permission, internal
from app.finance.refunds.cases import queries, sentences
from app.school import service as school
from app.settings import Settings, get_settings
from app.web import formats

DAYS_LEFT = (15, 5, 0)
"""Warnings: of the 45 days of GNPEC Standard 12, these are days 30, 40 and 45; of the 40 of VA funds 25, 35 and 40."""
_STEPS: Mapping[str, str] = {
    Action.REFUND_APPROVED: "approved",
    Action.REFUND_REMITTED: "remitted",
    Action.REFUND_RETURNED: "returned",
}


@internal("follows from the history")
def send_notice(session: Session, refund_id: int, action: str, details: Mapping[str, object]) -> None:
    """Mail the student that their refund was approved, was paid out, or came back."""
    known = school.facts(session)
    row = queries.one(session, refund_id, known.zone, clock.today(known.zone))
    step = _STEPS.get(action)
    if row is None or step is None:
        return
    settings: Settings = session.info.get("settings") or get_settings()
    amount = details.get("amount_cents")
    due, overdue = formats.day(row.due_on, known.zone), row.days_left is not None and row.days_left < 0
    mail.send(
        session,
        row.email,
        "refund_notice",
        school=known.legal_name,
        name=row.student,
        step=step,
        program=row.program,
        amount=format_cents(amount if isinstance(amount, int) else row.amount_cents),
        nothing=not row.amount_cents,
        payee=details.get("payee"),
        own=details.get("payer_id") is None,
        owed=[
            sentences.owed(one, due, overdue=overdue)
            for one in queries.computations(session, refund_id)[0].payees
        ],
        page=f"{settings.app_origin}/refunds/{row.id}",
    )


@internal("the system's own work of every day")
def warn(session: Session, today: date, most: int = 500) -> int:
    """Mail bursars and administrators about refunds that are due soon, once for each warning; how many refunds.

    Of several warnings that were missed, the last alone is sent.
    """
    known, settings = school.facts(session), session.info.get("settings") or get_settings()
    rows = queries.to_warn(session, today, DAYS_LEFT, most)
    if not rows:
        return 0
    people = accounts.people_who_may(session, Permission.LEDGER_POST, today)
    for row in rows:
        left = (row.due_on - today).days
        sent = sum(left <= days for days in DAYS_LEFT)
        queries.set_warnings(session, row.id, sent)
        mail.send_all(
            session,
            "refund_due",
            [
                mail.Letter(
                    person.email,
                    {
                        "school": known.legal_name,
                        "name": person.full_name,
                        "student": row.student,
                        "program": row.program,
                        "amount": format_cents(row.amount_cents),
                        "state": queries.STATES[row.state].lower(),
                        "due": formats.day(row.due_on, known.zone),
                        "left": left,
                        "page": f"{settings.app_origin}/refunds/{row.id}",
                    },
                )
                for person in people
            ],
        )
        history.record(
            session,
            SYSTEM,
            Action.REFUND_WARNED,
            row.id,
            student_id=row.student_id,
            enrollment_id=row.enrollment_id,
            due_on=row.due_on,
            days_left=left,
            mailed=len(people),
        )
    return len(rows)
