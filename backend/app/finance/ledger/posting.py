"""The one way into the ledger: a balanced entry becomes a transaction, once for each act."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, FieldError, Invalid, NotFound
from app.core.permissions import Actor, Role
from app.db.models import LedgerTransaction
from app.finance.ledger import chart, policy, queries
from app.finance.ledger.receipts import superseded
from app.finance.ledger.schemas import Entry, StudentPosting
from app.rules.days import long_date
from app.school import service as school


def open_day(session: Session) -> date:
    """The day at the school that is posted to: today, or the day after the last one closed."""
    today, closed = clock.today(school.facts(session).zone), queries.last_closed(session)
    return today if closed is None or closed < today else closed + timedelta(days=1)


def post(session: Session, subject: Actor, entry: Entry) -> LedgerTransaction:
    """Write the transaction and its history; what was posted for the same act already is given back as it is.

    Receipts of a payer by which a payment was applied to other billings than now are void with it.

    Whether the person may is the caller's. Raises Conflict for the same request with other figures, Invalid for a day
    that is closed or to come.
    """
    fingerprint = _fingerprint(entry)
    queries.lock_request(session, entry.request)
    known = queries.by_request(session, entry.request)
    if known is not None:
        return _same(known, fingerprint)
    queries.share_lock(session)
    booked_on = _day(session, entry.booked_on)
    numbers = _accounts(session, entry)
    values = {
        "kind": entry.kind,
        "booked_on": booked_on,
        "student_id": entry.student_id,
        "enrollment_id": entry.enrollment_id,
        "payer_id": entry.payer_id,
        "memo": entry.memo,
        "method": entry.method,
        "reference": entry.reference,
        "reverses": entry.reverses,
        "created_by": subject.user_id,
        "request": entry.request,
        "fingerprint": fingerprint,
    }
    with superseded.void_changed(session, subject, entry) as posted:
        found = queries.add(session, values, [(numbers[code], cents) for code, cents in entry.lines])
        posted.append(found.id)
    _record(session, subject, entry, found)
    return found


def check(session: Session, entry: Entry) -> None:
    """Refuse what `post` would refuse, and write nothing: a preview takes no number of a transaction.

    Raises Conflict for the same request with other figures, Invalid for a day that is closed or to come.
    """
    known = queries.by_request(session, entry.request)
    if known is not None:
        _same(known, _fingerprint(entry))
    else:
        _day(session, entry.booked_on)


def post_for_student(
    session: Session, subject: Actor, student_id: int, values: StudentPosting
) -> LedgerTransaction:
    """Post a charge, a payment, a credit or what a payer is billed to a student's account.

    Raises Forbidden, NotFound, Invalid, Conflict.
    """
    return post(session, subject, _entry_of(session, subject, student_id, values))


def preview_for_student(session: Session, subject: Actor, student_id: int, values: StudentPosting) -> None:
    """Refuse what `post_for_student` would refuse, and post nothing. Raises the same errors."""
    check(session, _entry_of(session, subject, student_id, values))


def _entry_of(session: Session, subject: Actor, student_id: int, values: StudentPosting) -> Entry:
    policy.require_post_to(session, subject, student_id)
    person = queries.student(session, student_id)
    if person is None or (
        person.role is not Role.STUDENT and queries.balance_of(session, student_id) is None
    ):
        raise NotFound(policy.NO_STUDENT)
    entry = values.entry(student_id)
    programs = {one.id for one in queries.enrollments_of(session, student_id)}
    if entry.enrollment_id is not None and entry.enrollment_id not in programs:
        words = "Choose one of this student’s programs."
        raise Invalid(words, errors=[FieldError("enrollment_id", words)])
    if entry.enrollment_id is None and len(programs) > 1:
        # Nobody could say later whose refund it belongs to, nor which plan it pays.
        words = "This student has several programs. Choose the program that this is for."
        raise Invalid(words, errors=[FieldError("enrollment_id", words)])
    if entry.payer_id is not None and not queries.is_payer(session, entry.payer_id):
        words = "Choose a payer of the list."
        raise Invalid(words, errors=[FieldError("payer_id", words)])
    return entry


def _record(session: Session, subject: Actor, entry: Entry, made: LedgerTransaction) -> None:
    moved = sum(cents for _code, cents in entry.lines if cents > 0)
    whom: dict[str, Any] = {"student_id": entry.student_id, "enrollment_id": entry.enrollment_id}
    if entry.reverses is not None:
        history.record(
            session,
            subject,
            Action.LEDGER_REVERSED,
            made.id,
            reason=entry.memo,
            **whom,
            reverses=entry.reverses,
            amount_cents=moved,
        )
        return
    history.record(
        session,
        subject,
        Action.LEDGER_POSTED,
        made.id,
        **whom,
        kind=chart.KINDS[entry.kind],
        amount_cents=moved,
        booked_on=made.booked_on,
        what=chart.METHODS[entry.method][0] if entry.method else _charged(entry.lines),
        payer_id=entry.payer_id,
    )


def _charged(lines: tuple[tuple[str, int], ...]) -> str | None:
    names = {code: name for name, code in chart.CHARGES.values()}
    return ", ".join(names[code] for code, _cents in lines if code in names) or None


def _same(known: LedgerTransaction, fingerprint: str) -> LedgerTransaction:
    if known.fingerprint != fingerprint:
        raise Conflict(
            f"This form was sent before with other figures, which were posted as transaction {known.id}. "
            "Nothing was posted now. Open the form again for another transaction."
        )
    return known


def _day(session: Session, wanted: date | None) -> date:
    last = open_day(session)
    if wanted is None or wanted == last:
        return last
    closed = queries.last_closed(session)
    if wanted > last:
        words = f"Enter {long_date(last)} or an earlier day."
    elif closed is not None and wanted <= closed:
        words = f"The ledger is closed through {long_date(closed)}. Enter a later day."
    else:
        return wanted
    raise Invalid(words, errors=[FieldError("booked_on", words)])


def _accounts(session: Session, entry: Entry) -> Mapping[str, int]:
    codes = {code for code, _cents in entry.lines}
    numbers = queries.account_numbers(session, codes)
    if len(numbers) < len(codes):
        for code in sorted(codes - numbers.keys()):
            owner, kind = code.partition("-")[0], "asset"
            if entry.student_id is not None and code == chart.student_code(entry.student_id):
                name, whose = f"Student {entry.student_id}", {"student_id": entry.student_id}
            elif entry.payer_id is not None and code == chart.payer_code(entry.payer_id):
                name, whose = f"Payer {entry.payer_id}", {"payer_id": entry.payer_id}
            elif code in chart.OPENED_LATER:
                (name, kind), whose = chart.OPENED_LATER[code], {}
            else:
                raise ValueError(f"there is no account {owner} in the chart")
            queries.open_account(session, code=code, name=name, kind=kind, **whose)
        numbers = queries.account_numbers(session, codes)
    return numbers


def _fingerprint(entry: Entry) -> str:
    """What was asked for; the day is left out where the system chose it."""
    asked = {key: value for key, value in asdict(entry).items() if key != "request"}
    return hashlib.sha256(json.dumps(asked, default=str, sort_keys=True).encode()).hexdigest()
