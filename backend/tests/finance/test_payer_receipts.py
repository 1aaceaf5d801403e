"""The receipt of a payer's payment: the payer's document, with the students it was applied to."""

import importlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from io import BytesIO
from typing import Any
from uuid import uuid4

import pikepdf
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.compliance.privacy import service as privacy
from app.core import student_records
from app.core.actions import Action
from app.core.errors import Conflict, Forbidden, NotFound
from app.core.files import open_store
from app.core.permissions import SYSTEM, Duty, Subject
from app.db.models import AuditEntry, Disclosure, Enrollment, IssuedDocument, LedgerReceipt, User
from app.db.session import Database
from app.documents import register
from app.documents import service as documents
from app.finance.ledger import service
from app.finance.ledger.balances import service as balances
from app.finance.ledger.payers import service as payers
from app.finance.ledger.receipts import service as receipts
from app.finance.ledger.schemas import BillingForm, PayerForm, PayerPaymentForm
from app.settings import Settings
from app.web.paging import Paging
from tests.factories.school import School, subject_of
from tests.finance.conftest import NOW, bursar_of
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
    assert taken_back not in balances.applied(session, va)
    assert balances.applied(session, va) == {
        first: [(one, 500)], second: [(one, 500), (two, 400)], third: [(two, 1_600)],
    }  # fmt: skip
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
        # Whoever opens or fetches it leaves a trace with each student it names.
        for _again in range(2):
            assert register.read(session, bursar, made).owner == "WorkSource Atlanta"
        for person in students:
            traces = session.scalars(
                select(AuditEntry)
                .where(AuditEntry.student_id == person, AuditEntry.actor_id == bursar.user_id)
                .where(AuditEntry.action.in_((Action.RECORD_VIEWED, Action.DOCUMENT_DOWNLOADED)))
                .order_by(AuditEntry.id)
            ).all()
            assert [(one.action, one.details.get("record") or one.details["number"]) for one in traces] == [
                (Action.DOCUMENT_DOWNLOADED, "RC-2026-000002"), (Action.RECORD_VIEWED, "RC-2026-000002"),
            ]  # fmt: skip
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


@pytest.fixture
def receipted(session: Session, settings: Settings) -> Callable[[int, int], IssuedDocument]:
    """`receipted(payment, payer)` is a receipt of a payment in the register, without its file."""

    documents.ensure_keys(session, settings)
    key = documents.signing_key(session, settings).id

    def made(payment: int, payer: int) -> IssuedDocument:
        row = IssuedDocument(
            kind="receipt", year=2026, serial=payment, number=f"RC-2026-{payment:06}", request=uuid4(), status="issued",
            payer_id=payer, issued_at=NOW, sha256="a" * 64, size_bytes=1, facts_sha256="b" * 64, signing_key_id=key,
        )  # fmt: skip
        session.add(row)
        session.flush()
        session.add(LedgerReceipt(document_id=row.id, transaction_id=payment))
        session.flush()
        return row

    return made


Step = tuple[str, int, int]
"""Something that is posted later: kind, cents, day of April; of a reversal the place of what is taken back."""


@pytest.mark.parametrize(
    ("later", "void"),
    [
        pytest.param(("paid", 50_000, 5), [True, True], id="an earlier payment takes the older billing"),
        pytest.param(("paid", 50_000, 20), [False, False], id="a later payment takes what is left"),
        pytest.param(
            ("reversed", 0, 0), [True, True], id="a payment bounces, and the next one pays its billing"
        ),
        pytest.param(("reversed", 1, 0), [False, True], id="the newest payment bounces"),
        pytest.param(("billed", 30_000, 1), [True, True], id="an older billing takes of both"),
        pytest.param(
            ("billed", 30_000, 25), [False, False], id="a new billing takes what was paid in advance"
        ),
        pytest.param(("unbilled", 0, 0), [True, True], id="a billing is taken back"),
    ],
)
def test_no_two_valid_receipts_of_a_payer_contradict_each_other(
    session: Session,
    bursar: Subject,
    enrolled: Enrollment,
    school: School,
    receipted: Callable[[int, int], IssuedDocument],
    later: Step,
    void: list[bool],
) -> None:
    other = school.enrollment(school.student(), enrolled.program)
    va = payers.save_payer(session, bursar, PayerForm(name="VA", kind="va")).id
    billings = [
        billed(session, bursar, enrolled, va, 100_000, 2),
        billed(session, bursar, other, va, 50_000, 3),
    ]
    payments = [paid(session, bursar, va, 100_000, 10), paid(session, bursar, va, 60_000, 11)]
    rows = [receipted(payment, va) for payment in payments]
    what, cents, day = later
    if what == "paid":
        posted = paid(session, bursar, va, cents, day)
    elif what == "billed":
        posted = billed(session, bursar, enrolled, va, cents, day)
    else:
        gone = (payments if what == "reversed" else billings)[cents]
        posted = service.reverse(session, bursar, gone, reversal("Returned")).id
    assert [row.status == "void" for row in rows] == void
    for payment, row in zip(payments, rows, strict=True):
        if row.status == "void":
            bounced = what == "reversed" and payment == payments[cents]
            assert row.void_reason == (
                "The payment was reversed: Returned" if bounced else
                f"Superseded: transaction {posted} was posted for this payer later, and changed which billings this "
                "payment was applied to. Issue a new receipt."
            )  # fmt: skip


def test_over_http_a_payers_receipt_is_nobodys_but_the_offices(
    session: Session,
    bursar: Subject,
    enrolled: Enrollment,
    school: School,
    signed_in: Callable[[User], TestClient],
    receipted: Callable[[int, int], IssuedDocument],
) -> None:
    va = payers.save_payer(session, bursar, PayerForm(name="VA", kind="va")).id
    billed(session, bursar, enrolled, va, 100_000, 2)
    row = receipted(paid(session, bursar, va, 100_000, 10), va)
    allowed = signed_in(session.get_one(User, bursar.user_id))
    assert "VA" in allowed.get(f"/documents/{row.id}").text
    for person in (enrolled.user, school.with_duty(Duty.INSTRUCTOR), school.with_duty(Duty.ADMISSIONS)):
        client = signed_in(person)
        for address in (f"/documents/{row.id}", f"/documents/{row.id}/file"):
            answer = client.get(address)
            assert (answer.status_code, row.number in answer.text) == (404, False), (
                person.full_name,
                address,
            )
        listed = client.get("/documents?format=json&q=RC-")
        assert row.number not in listed.text
        assert listed.status_code == (200 if person is enrolled.user else 403)
