"""The receipt of a payer's payment: the payer's document, with the students it was applied to."""

import importlib
import json
from dataclasses import replace
from datetime import date
from io import BytesIO
from typing import Any
from uuid import uuid4

import pikepdf
import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.compliance.privacy import service as privacy
from app.core import student_records
from app.core.errors import Conflict, Forbidden, NotFound
from app.core.files import open_store
from app.core.permissions import SYSTEM, Duty, Subject
from app.db.models import Disclosure, Enrollment, IssuedDocument, LedgerReceipt
from app.db.session import Database
from app.documents import register
from app.documents import service as documents
from app.finance.ledger import service
from app.finance.ledger.balances import service as balances
from app.finance.ledger.payers import service as payers
from app.finance.ledger.receipts import service as receipts
from app.finance.ledger.schemas import BillingForm, PayerForm, PayerPaymentForm
from app.web.paging import Paging
from tests.factories.school import School, subject_of
from tests.finance.conftest import bursar_of
from tests.finance.forms import reversal


def billed(
    session: Session, bursar: Subject, enrollment: Enrollment, payer: int, cents: int, day: int
) -> int:
    form = BillingForm(
        request=uuid4(), amount_cents=cents, payer_id=payer, memo="Training voucher", reference=f"V-{day}",
        enrollment_id=enrollment.id, booked_on=date(2026, 4, day),
    )  # fmt: skip
    return service.post_for_student(session, bursar, enrollment.user_id, form).id


def paid(session: Session, bursar: Subject, payer: int, cents: int, day: int) -> int:
    form = PayerPaymentForm(
        request=uuid4(), amount_cents=cents, method="transfer", reference="T-9", booked_on=date(2026, 4, day)
    )
    return payers.payer_pays(session, bursar, payer, form).id


def test_each_payment_pays_the_oldest_that_no_earlier_one_paid(
    session: Session, bursar: Subject, enrolled: Enrollment, school: School
) -> None:
    other = school.enrollment(school.student(), enrolled.program)
    va = payers.save_payer(session, bursar, PayerForm(name="VA", kind="va")).id
    first = paid(session, bursar, va, 500, 1)  # before anything was billed
    one = billed(session, bursar, enrolled, va, 1_000, 2)
    gone = billed(session, bursar, enrolled, va, 7_000, 3)
    two = billed(session, bursar, other, va, 2_000, 4)
    second, third = paid(session, bursar, va, 900, 5), paid(session, bursar, va, 2_600, 6)
    service.reverse(session, bursar, gone, reversal())
    taken_back = paid(session, bursar, va, 300, 5)
    service.reverse(session, bursar, taken_back, reversal())
    assert [balances.applied(session, va, number) for number in (first, second, third, taken_back, one)] == [
        [(one, 500)], [(one, 500), (two, 400)], [(two, 1_600)], [], [],
    ]  # fmt: skip
    whole = {row.transaction_id: cents for row, cents in balances.paid_of_billings(session, [va])}
    assert whole == {one: 1_000, two: 2_000}


def test_a_document_has_one_owner(session: Session, bursar: Subject, enrolled: Enrollment) -> None:
    payer = payers.save_payer(session, bursar, PayerForm(name="VA", kind="va")).id
    for owners in ({}, {"student_id": enrolled.user_id, "payer_id": payer}):
        row = IssuedDocument(
            kind="receipt", year=2026, serial=9, number="RC-2026-000009", request=uuid4(), **owners
        )
        with pytest.raises(IntegrityError, match="check_issued_documents_owner"), session.begin_nested():
            session.add(row)


def test_a_payer_gets_a_receipt_that_is_the_payers(live_settings: Any, live_database: Database) -> None:
    files = open_store(live_settings)
    with live_database.begin() as session:
        school = School(session)
        documents.ensure_keys(session, live_settings)
        bursar = bursar_of(school.with_duty(Duty.BURSAR))
        registrar = replace(subject_of(school.with_duty(Duty.REGISTRAR)), duties=frozenset({Duty.REGISTRAR}))
        bich = school.enrollment(school.student(full_name="Thị Bích"), school.program())
        sam = school.enrollment(school.student(full_name="Sam Ortiz"), bich.program)
        left = school.enrollment(school.student(full_name="Lee Left"), bich.program)
        student = subject_of(bich.user)
        payer = payers.save_payer(session, bursar, PayerForm(name="WorkSource Atlanta", kind="wioa")).id
        billed(session, bursar, bich, payer, 100_000, 2)
        billed(session, bursar, sam, payer, 50_000, 3)
        billing = billed(session, bursar, left, payer, 9_900, 6)
        number = paid(session, bursar, payer, 120_000, 5)
        students, program = (bich.user_id, sam.user_id, left.user_id), bich.program.name

    def issue(subject: Subject, prepare: Any = None) -> int:
        with live_database.begin() as session:
            act = receipts.act(session, subject, number)
        return documents.issue(
            live_database, subject, files, live_settings,
            prepare or (lambda session: receipts.draft(session, subject, files, number)), request=act,
        ).id  # fmt: skip

    def meanwhile(session: Session) -> documents.Draft:
        draft = receipts.draft(session, bursar, files, number)
        service.reverse(session, bursar, billing, reversal())
        billed(session, bursar, left, payer, 100, 1)  # older than all others: it takes of the payment
        return draft

    for subject, error in ((student, NotFound), (registrar, Forbidden)):
        with pytest.raises(error):
            issue(subject)
    with pytest.raises(Conflict, match="changes what the payment was applied to"):
        issue(bursar, meanwhile)
    made = issue(bursar)
    with pytest.raises(Conflict, match="has a receipt already"):
        issue(bursar)
    with live_database.begin() as session:
        row, pdf = documents.content(session, bursar, files, made)
        assert (row.number, row.student_id, row.payer_id) == ("RC-2026-000002", None, payer)
        with pikepdf.open(BytesIO(pdf)) as opened:
            said = json.loads(opened.attachments["document.json"].get_file().read_bytes())
        assert (said["payer"], said["amount_cents"], said["balance_cents"]) == (
            "WorkSource Atlanta",
            120_000,
            30_100,
        )
        assert {one["program"] for one in said["applied"]} == {program}
        shares = [(one["student"], one["amount_cents"]) for one in said["applied"]]
        assert shares == [("Lee Left", 100), ("Thị Bích", 100_000), ("Sam Ortiz", 19_900)]
        verdict = documents.verify(session, SYSTEM, pdf)
        assert (verdict.accepted, verdict.owner) == (True, "WorkSource Atlanta")
        # It is the payer's: no student it names finds it, by number, in their list or in their whole file.
        for person in students:
            assert documents.of_student(session, SYSTEM, person) == []
        with pytest.raises(NotFound):
            documents.content(session, student, files, made)
        importlib.import_module("app.documents.student_records")  # registers what is in the copy
        (part,) = (one for one in student_records.parts() if "issued_documents" in one.tables)
        assert list(part.rows(session, student.user_id, SYSTEM)) == []
        # The register has it, by its payer's name; and the disclosure log has each student it names.
        found = register.listed(session, registrar, Paging(q="worksource")).page().items
        assert [(one.owner, one.IssuedDocument.status) for one in found] == [
            ("WorkSource Atlanta", "issued"), ("WorkSource Atlanta", "void"),
        ]  # fmt: skip
        for person in students:
            (entry,) = privacy.log_of(session, registrar, person)
            assert (entry.Disclosure.recipient, entry.Disclosure.basis) == (
                "WorkSource Atlanta",
                "financial_aid",
            )
            assert "RC-2026-000002" in entry.Disclosure.records
        assert session.scalar(select(func.count()).select_from(Disclosure)) == 1
        service.reverse(session, bursar, number, reversal("Returned"))
    with live_database.begin() as session:
        assert not documents.verify(session, SYSTEM, pdf).accepted
        assert session.scalars(select(LedgerReceipt.transaction_id)).all() == [number]
