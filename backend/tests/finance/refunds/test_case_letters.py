"""What the letter and the mails about a refund say: who gets what, when, and what is still owed."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.files import open_store
from app.db.models import AuditEntry, IssuedDocument, OutboxMessage, Refund, User
from app.db.session import Database
from app.documents import service as documents
from app.finance.ledger import service as ledger
from app.finance.ledger.payers import service as payers
from app.finance.ledger.schemas import BillingForm, PayerForm, PayerPaymentForm
from app.finance.refunds.cases import notices, service
from app.finance.refunds.cases.letters import service as letters
from app.finance.refunds.cases.schemas import RejectionForm
from app.settings import Settings
from tests.factories.school import School
from tests.finance.conftest import NOW
from tests.finance.forms import charge, payment
from tests.finance.refunds.cases import Office

SHARE = 200_000
"""What WorkSource pays where it pays a part."""
PAID_PAYER = "$2,000.00 was paid to WorkSource, who paid for you, on May 4, 2026 by check, reference 2041."
PAID_OWN = "$2,536.00 was paid to you on May 4, 2026 by check, reference 2041."
OWED_PAYER = "$2,000.00 will be paid to WorkSource, who paid for you, by June 4, 2026."
OWED_OWN = "$2,536.00 will be paid to you by June 4, 2026."
PAYER_BACK = "The payment of $2,000.00 to WorkSource on May 4, 2026 came back to the school."
OWN_BACK = "The payment of $2,536.00 to you on May 4, 2026 came back to the school."
APPROVED = "The refund for Dental Assistant was approved: $4,536.00."


def left(office: Office, *, by_payer: int, by_student: int, kind: str = "student") -> tuple[Refund, int]:
    """The refund of somebody who left at a tenth of $5,040.00, and the number of who paid a part of it."""
    enrollment = office.enrolled()
    enrollment.program.name = "Dental Assistant"
    of = {"enrollment_id": enrollment.id}
    post = (office.session, office.bursar, enrollment.user_id)
    payer = payers.save_payer(office.session, office.bursar, PayerForm(name="WorkSource", kind="wioa"))
    ledger.post_for_student(*post, charge(504_000, **of))
    if by_payer:
        billing = {"request": uuid4(), "amount_cents": by_payer, "payer_id": payer.id, "memo": "Voucher"} | of
        ledger.post_for_student(*post, BillingForm.model_validate(billing))
        paid = {"request": uuid4(), "amount_cents": by_payer, "method": "transfer", "reference": "ACH 1"}
        payers.payer_pays(office.session, office.bursar, payer.id, PayerPaymentForm.model_validate(paid))
    if by_student:
        ledger.post_for_student(*post, payment(by_student, **of))
    return office.leaves(enrollment, kind=kind), payer.id


def letter(office: Office, settings: Settings, refund: Refund) -> list[str]:
    """The opening of the letter as it would be issued now, and what it says of the money."""
    facts = letters.draft(office.session, office.bursar, open_store(settings), refund.id).facts
    assumed = service.read(office.session, office.bursar, refund.id).current.assumptions
    return [facts["opening"], *(one for one in facts["paragraphs"] if one not in assumed)]


def newest_mail(session: Session, refund: Refund) -> list[str]:
    """What the student reads about the last step of their refund: the subject without the school, and the sentences."""
    entry = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.target == "refunds", AuditEntry.target_id == str(refund.id))
        .order_by(AuditEntry.id.desc())
        .limit(1)
    ).one()
    notices.send_notice(session, refund.id, entry.action, entry.details)
    sent = session.scalars(select(OutboxMessage).order_by(OutboxMessage.id.desc()).limit(1)).one()
    body = sent.body_text.partition(",\n\n")[2].partition("\nEvery step")[0]
    return [sent.subject.partition(": ")[2], *(line for line in body.split("\n") if line)]


@pytest.mark.parametrize("paid", [True, False], ids=["owed", "nothing owed"])
@pytest.mark.parametrize(
    ("kind", "opening"),
    [
        ("student", "You withdrew from Dental Assistant on April 20, 2026."),
        ("administrative", "The school withdrew you from Dental Assistant on April 20, 2026."),
        ("school_cancelled", "The school canceled your enrollment in Dental Assistant on April 20, 2026."),
        ("cancellation", "You canceled your enrollment in Dental Assistant on April 20, 2026."),
    ],
)
def test_the_opening_says_what_happened_and_what_the_letter_shows(
    office: Office, session: Session, settings: Settings, kind: str, opening: str, paid: bool
) -> None:
    refund, _payer = left(office, by_payer=0, by_student=400_000 if paid else 0, kind=kind)
    office.approve(refund)
    found = letter(office, settings, refund)
    if paid:
        assert found[0] == f"{opening} This letter shows how the refund was computed."
        return
    assert found == [f"{opening} This letter shows why no refund is owed.", "No refund is owed."]
    assert newest_mail(session, refund) == [
        "no refund is owed",
        "The refund for Dental Assistant was computed and checked: no refund is owed.",
    ]


@pytest.mark.parametrize(
    ("by_payer", "acts", "of_money", "mailed"),
    [
        (0, ["approve"], ["$4,536.00 will be paid to you by June 4, 2026."],
         ["your refund was approved", APPROVED, "$4,536.00 will be paid to you by Jun 4, 2026."]),
        # The payer gets all of it.
        (504_000, ["approve"], ["$4,536.00 will be paid to WorkSource, who paid for you, by June 4, 2026."],
         ["your refund was approved", APPROVED,
          "$4,536.00 will be paid to WorkSource, who paid for you, by Jun 4, 2026."]),
        # Payer and student.
        (SHARE, ["approve"], [OWED_PAYER, OWED_OWN],
         ["your refund was approved", APPROVED,
          "$2,000.00 will be paid to WorkSource, who paid for you, by Jun 4, 2026.",
          "$2,536.00 will be paid to you by Jun 4, 2026."]),
        (SHARE, ["approve", "pay WorkSource"], [PAID_PAYER, OWED_OWN],
         ["your refund was paid out",
          "Of the refund for Dental Assistant, $2,000.00 was sent to WorkSource, who paid for you."]),
        (SHARE, ["approve", "pay WorkSource", "comes back"], [PAYER_BACK, OWED_PAYER, OWED_OWN],
         ["your refund has to be sent again",
          ("Of the refund for Dental Assistant, $2,000.00 to WorkSource, who paid for you, came back to the school. "
           "It will be sent to them again. There is nothing for you to do.")]),
        (SHARE, ["approve", "pay WorkSource", "comes back", "pay WorkSource"], [PAID_PAYER, OWED_OWN], None),
        (SHARE, ["approve", "pay WorkSource", "another name", "pay the student"], [PAID_PAYER, PAID_OWN],
         ["your refund was paid out", "Your refund of $2,536.00 for Dental Assistant was sent to you."]),
        (SHARE, ["approve", "pay WorkSource", "pay the student", "another name", "comes back"],
         [PAID_PAYER, OWN_BACK, OWED_OWN],
         ["your refund has to be sent again",
          ("The payment of $2,536.00 for your refund came back to the school. It will be sent again. Please check that "
           "the school has your right address.")]),
        # After the deadline nothing is promised for a day that is over.
        (SHARE, ["approve", "pay WorkSource", "deadline passes"],
         [PAID_PAYER, "$2,536.00 was due to you by June 4, 2026 and has not been paid yet."], None),
        (0, ["deadline passes", "approve"],
         ["$4,536.00 was due to you by June 4, 2026 and has not been paid yet."],
         ["your refund was approved", APPROVED,
          "$4,536.00 was due to you by Jun 4, 2026 and has not been paid yet."]),
    ],
)  # fmt: skip
def test_letter_and_mail_say_what_is_paid_and_owed_to_whom(
    office: Office,
    session: Session,
    settings: Settings,
    by_payer: int,
    acts: Sequence[str],
    of_money: Sequence[str],
    mailed: Sequence[str] | None,
) -> None:
    refund, payer = left(office, by_payer=by_payer, by_student=504_000 - by_payer)
    user = service.read(session, office.bursar, refund.id).row.student_id
    made = 0
    with time_machine.travel(NOW, tick=False) as clock:
        for act in acts:
            if act == "approve":
                office.approve(refund)
            elif act == "pay WorkSource":
                made = office.remit(refund, SHARE, payer_id=payer)
            elif act == "pay the student":
                made = office.remit(refund, 253_600)
            elif act == "comes back":
                office.comes_back(refund, made)
            elif act == "another name":
                rename(session, user)
            else:
                clock.shift(timedelta(days=60))
        assert letter(office, settings, refund)[1:] == list(of_money)
        if mailed is not None:
            assert newest_mail(session, refund) == list(mailed)


def rename(session: Session, user_id: int) -> None:
    """A person is the payee whatever their name is by now."""
    session.get_one(User, user_id).full_name = "Maria Smith"
    session.flush()


def test_a_letter_with_an_amount_that_does_not_hold_is_void(
    live_settings: Settings, live_database: Database
) -> None:
    files = open_store(live_settings)
    with live_database.begin() as session:
        office = Office.of(session, School(session))
        documents.ensure_keys(session, live_settings)
        refund, other = office.owed(), office.owed(name="Sam Ortiz")
        office.approve(refund)
        office.approve(other)
        numbers = (refund.id, refund.id, other.id)

    def issue(number: int) -> int:
        with live_database.begin() as session:
            act = letters.act(service.read(session, office.bursar, number))
        return documents.issue(
            live_database, office.bursar, files, live_settings,
            lambda session: letters.draft(session, office.bursar, files, number), request=act,
        ).id  # fmt: skip

    made = [issue(number) for number in numbers]
    with live_database.begin() as session:
        form = RejectionForm(rejection="The kit was issued")
        service.reject(session, office.chief, numbers[0], form)
        found = [session.get_one(IssuedDocument, number) for number in made]
        assert [(one.status, one.void_reason) for one in found] == [
            ("void", f"Refund {numbers[0]} was sent back: The kit was issued"),
            ("void", f"Refund {numbers[0]} was sent back: The kit was issued"),
            ("issued", None),
        ]
        assert [
            documents.verify(session, office.chief, files.read_bytes(one.sha256 or "")).accepted
            for one in found
        ] == [False, False, True]
