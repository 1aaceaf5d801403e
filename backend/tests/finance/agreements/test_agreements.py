"""Agreements from the program to the signed document, and everything that must not happen on the way."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
import time_machine
from pyhanko.pdf_utils.reader import PdfFileReader
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.core.actions import Action
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from app.core.permissions import SYSTEM, Duty, Role, Subject
from app.core.proof import ProofRequired
from app.core.sealing import box
from app.db.models import AgreementSignature, AuditEntry, IssuedDocument, OutboxMessage
from app.db.session import Database
from app.documents import service as documents
from app.finance.agreements import queries, service
from app.finance.agreements.cosigners import service as cosigners
from app.finance.agreements.service import AgreedItem
from app.settings import Settings
from tests.documents.poppler import signatures as pdfsig
from tests.finance.agreements.conftest import HOURS_72, NOW, World


def history(database: Database, action: Action) -> list[AuditEntry]:
    with database.begin() as session:
        rows = list(session.scalars(select(AuditEntry).where(AuditEntry.action == action.value)))
        session.expunge_all()
        return rows


def mails(database: Database) -> list[tuple[str, str]]:
    with database.begin() as session:
        return [
            (row.to_address, row.subject)
            for row in session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))
        ]


def test_both_signatures_are_in_the_document_and_a_refund_is_computed_by_it(
    world: World, tmp_path: Path
) -> None:
    number = world.prepare()
    shown = world.row(number).shown_sha256
    world.consent(number)
    world.sign(number, name="  maría   LÓPEZ ")
    with world.database.begin() as session:
        waiting = queries.in_force(session, world.enrollments["maria"])
    assert waiting is not None
    assert world.row(number).countersigned_at is None
    world.countersign(number)

    found = world.agreement(number)
    assert (found.row.status, found.row.signed_at, found.row.cancellation_until) == (
        "in_force",
        NOW,
        NOW + HOURS_72,
    )
    student, school = found.signatures
    assert (student.party, student.typed_name, student.ip) == ("student", "maría LÓPEZ", "203.0.113.9")
    assert (student.user_agent, student.consented_at) == ("Mozilla/5.0 (Phone)", NOW)
    assert (student.shown_sha256, school.shown_sha256) == (shown, student.file_sha256)
    pdf = world.files.read_bytes(found.row.file_sha256)
    assert pdf.startswith(world.files.read_bytes(shown)), "what was signed is what was shown"
    path = tmp_path / "agreement.pdf"
    path.write_bytes(pdf)
    assert pdfsig(path).count("Signature is Valid") == 2
    first = PdfFileReader(BytesIO(pdf)).embedded_signatures[0].sig_object
    assert (first["/Name"], first["/Location"]) == ("maría LÓPEZ", "203.0.113.9")
    assert f"SHA-256 of the file as shown: {shown}" in first["/Reason"]
    with world.database.begin() as session:
        verdict = documents.verify(session, SYSTEM, pdf)
        assert verdict.accepted, verdict.findings
        assert verdict.document is not None
        assert verdict.document.number == found.number == "EA-2026-000001"
        assert not documents.verify(session, SYSTEM, world.files.read_bytes(student.file_sha256)).accepted
        binding = queries.in_force(session, world.enrollments["maria"])
        assert queries.in_force(session, world.enrollments["theo"]) is None
    assert binding is not None
    assert (binding.refund.name, binding.application_fee_cents, binding.application_fee_disclosed) == (
        "gnpec-current",
        15_000,
        True,
    )
    assert binding.items == (
        AgreedItem("Instrument kit", 32_500, refundable=False, disclosed=True, kind="kit"),
    )
    # Fees of the school are prorated with tuition.
    assert [(one.total_minutes, one.charge_cents) for one in binding.segments] == [(480 * 60, 504_000)]
    assert [subject.partition(": ")[2] for _, subject in mails(world.database)] == [
        "your enrollment agreement to sign",
        "you signed your enrollment agreement",
        "your enrollment agreement is in force",
    ]
    (entry,) = history(world.database, Action.AGREEMENT_SIGNED)
    assert (entry.details["shown_sha256"], entry.student_id) == (shown, world.maria.user_id)


REFUSED: dict[str, tuple[Callable[[World, int], object], type[Problem], str]] = {
    "another name": (lambda w, n: w.sign(n, name="Mario Lopez"), Invalid, "María López"),
    "another file": (lambda w, n: w.sign(n, shown="0" * 64), Conflict, "not the one that is to be signed"),
    "another student": (lambda w, n: w.sign(n, w.theo), NotFound, "no such agreement"),
    "the registrar for the student": (lambda w, n: w.sign(n, w.rita), NotFound, "no such agreement"),
    "the school before the student": (lambda w, n: w.countersign(n), Conflict, "has not signed yet"),
    "without a proof": (
        lambda w, n: w.countersign(n, replace(w.rita, session_id=1)),
        ProofRequired,
        "Confirm",
    ),
    "the bursar for the school": (lambda w, n: w.countersign(n, w.proved(w.bea)), Forbidden, "registrar"),
    "a second one beside it": (lambda w, _: w.prepare(), Conflict, "waits for signatures already"),
}


def test_what_is_refused_says_why_and_signs_nothing(world: World, traveling: time_machine.Traveller) -> None:
    number = world.prepare()
    with pytest.raises(Conflict, match="electronic records first"):
        world.sign(number)
    world.consent(number)
    for act, problem, words in REFUSED.values():
        with pytest.raises(problem, match=words):
            act(world, number)
    with pytest.raises(NotFound), world.database.begin() as session:
        service.read(session, world.theo, number)
    assert world.agreement(number).signatures == []
    # The last day is the fourteenth after that of the sending, whole.
    traveling.move_to(world.row(number).expires_at - timedelta(seconds=1))
    with pytest.raises(Invalid):
        world.sign(number, name="x")
    traveling.move_to(world.row(number).expires_at)
    with pytest.raises(Conflict, match="time to sign this agreement is over"):
        world.sign(number)
    with world.database.begin() as session:
        assert service.expire(session) == 1
        assert service.expire(session) == 0
    assert world.row(number).status == "expired"
    with world.database.begin() as session:
        document = session.get_one(IssuedDocument, world.row(number).document_id)
        assert (document.status, document.void_reason) == ("void", "It was not signed in time.")
    with pytest.raises(Conflict, match="Nothing was changed"), world.database.begin() as session:
        service.void(session, world.bea, number, "Too late")


def test_nobody_signs_both_sides_and_void_ends_it(world: World) -> None:
    number = world.prepare()
    world.consent(number)
    world.sign(number)
    # A student of the school who works for it now.
    both = world.proved(replace(world.maria, role=Role.INSTRUCTOR, duties=frozenset({Duty.REGISTRAR})))
    with pytest.raises(Forbidden, match="your own agreements"):
        world.countersign(number, both)
    with pytest.raises(Invalid, match="Rita Registrar"):
        world.countersign(number, name="Somebody Else")
    with world.database.begin() as session:
        service.void(session, world.bea, number, "The start was postponed")
    row = world.row(number)
    assert (row.status, row.void_reason, row.signed_at) == ("void", "The start was postponed", NOW)
    with pytest.raises(Conflict, match="made this agreement void"):
        world.countersign(number)
    assert world.row(world.prepare()).status == "awaiting_student"


def test_a_new_one_supersedes_and_nothing_is_edited(world: World) -> None:
    first = world.whole()
    request = world.form()
    assert world.row(first).status == "in_force"
    with pytest.raises(Conflict, match="supersedes"), world.database.begin() as session:
        service.void(session, world.bea, first, "Changed our minds")
    with pytest.raises(Conflict, match="supersedes"), world.database.begin() as session:
        documents.void(session, world.rita, world.row(first).document_id, "By the register")
    second = world.prepare(request=request.request, schedule="Evenings")
    assert world.prepare(request=request.request) == second, "sent twice, it is one"
    with pytest.raises(Conflict, match="signed by everybody already"):
        world.sign(first)
    assert world.row(second).supersedes_id == first
    world.consent(second)
    world.sign(second)
    with world.database.begin() as session:
        binding = queries.in_force(session, world.enrollments["maria"])
    assert binding is not None
    assert binding.id == first, "until everyone has signed, the old one binds"
    world.countersign(second)
    with world.database.begin() as session:
        binding = queries.in_force(session, world.enrollments["maria"])
        old = session.get_one(IssuedDocument, world.row(first).document_id)
        assert (old.status, old.replaced_by) == ("replaced", world.row(second).document_id)
    assert binding is not None
    assert binding.id == second
    assert world.row(first).status == "superseded"
    (entry,) = history(world.database, Action.AGREEMENT_SUPERSEDED)
    assert entry.details == {"number": "EA-2026-000001", "by": "EA-2026-000002"}


def test_a_file_that_was_changed_is_neither_shown_nor_signed_and_noted(world: World) -> None:
    number = world.prepare()
    world.consent(number)
    row = world.row(number)
    pdf = world.files.read_bytes(row.file_sha256)
    stored = next((world.settings.data_dir / "files").rglob(row.file_sha256))
    stored.chmod(0o600)
    stored.write_bytes(pdf.replace(b"2026", b"2027", 1))
    with pytest.raises(Conflict, match="changed after it was made"):
        world.sign(number)
    with pytest.raises(Conflict, match="changed after it was made"):
        service.content(world.database, world.maria, world.files, number)
    (entry,) = history(world.database, Action.AGREEMENT_FILE_CHANGED)
    assert entry.details["expected"] == row.file_sha256 != entry.details["found"]
    assert world.agreement(number).signatures == []
    stored.write_bytes(pdf)
    world.sign(number)
    # A signed one as well, and by the register's own address.
    world.countersign(number)
    row = world.row(number)
    stored = next((world.settings.data_dir / "files").rglob(row.file_sha256))
    stored.chmod(0o600)
    stored.write_bytes(stored.read_bytes() + b"\n")
    with pytest.raises(Problem, match="no longer what was signed"), world.database.begin() as session:
        documents.content(session, world.rita, world.files, row.document_id)


def test_of_those_who_sign_at_once_one_does(world: World) -> None:
    number = world.prepare()
    world.consent(number)
    answers: list[object] = []

    def press() -> None:
        try:
            world.sign(number)
            answers.append(None)
        except Conflict as error:
            answers.append(str(error))

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(None) == 1, answers
    with world.database.begin() as session:
        assert session.scalar(select(func.count()).select_from(AgreementSignature)) == 1
    world.countersign(number)
    assert world.row(number).status == "in_force"


def secret_of(session: Session, settings: Settings) -> str:
    """The secret in the newest mail to a cosigner."""
    sealed = session.scalars(
        select(OutboxMessage.sealed_link)
        .where(OutboxMessage.sealed_link.is_not(None))
        .order_by(OutboxMessage.id.desc())
    ).first()
    assert sealed is not None
    return box(settings, "mail").open(sealed).decode().rsplit("/", 1)[1]


def test_a_parent_signs_for_a_minor_by_a_link_that_works_once(
    world: World, traveling: time_machine.Traveller
) -> None:
    with pytest.raises(Invalid, match="under 18"):
        world.prepare("theo")
    parent = {"cosigner_kind": "parent", "cosigner_name": "Pat Parent"}
    with pytest.raises(Invalid, match="all three"):
        world.prepare("theo", **parent)
    with pytest.raises(Invalid, match="student’s own address"):
        world.prepare("theo", cosigner_email=world.theo.email.upper(), **parent)
    number = world.prepare("theo", cosigner_email="pat@example.org", **parent)
    world.consent(number, world.theo)
    world.sign(number, world.theo)
    assert world.row(number).status == "awaiting_cosigner"
    with world.database.begin() as session:
        first = secret_of(session, world.settings)
        cosigners.resend(session, world.bea, world.settings, number)
        secret = secret_of(session, world.settings)
        assert cosigners.look(session, first, None).state == "revoked"
        with pytest.raises(NotFound):
            cosigners.look(session, "no secret at all", None)
        with pytest.raises(Forbidden, match="parent or sponsor"):
            cosigners.look(session, secret, world.theo)
        assert cosigners.look(session, secret, None).state == "open"
    with pytest.raises(Conflict, match="electronic records first"):
        world.cosign(secret, number)
    with world.database.begin() as session:
        cosigners.consent(session, secret, None)
    with pytest.raises(Invalid, match="Pat Parent"):
        world.cosign(secret, number, name="Theo Teen")
    with pytest.raises(Conflict, match="cosigner’s signature"):
        world.countersign(number)
    traveling.move_to(world.row(number).expires_at)
    with pytest.raises(Conflict, match="link has expired"):
        world.cosign(secret, number)
    traveling.move_to(NOW + timedelta(days=1))
    world.cosign(secret, number)
    with pytest.raises(Conflict, match="signed this agreement already"):
        world.cosign(secret, number)
    world.countersign(number)
    found = world.agreement(number)
    assert [one.party for one in found.signatures] == ["student", "cosigner", "school"]
    assert found.row.cancellation_until == NOW + HOURS_72, "counted from the student’s signature"
    with world.database.begin() as session:
        pdf = world.files.read_bytes(found.row.file_sha256)
        verdict = documents.verify(session, SYSTEM, pdf)
        assert verdict.accepted, verdict.findings


def test_the_database_lets_nothing_be_edited(world: World) -> None:
    number = world.whole()
    statements = (
        "UPDATE enrollment_agreements SET terms = '{}'",
        "UPDATE enrollment_agreements SET shown_sha256 = repeat('0', 64)",
        "UPDATE enrollment_agreements SET file_sha256 = repeat('0', 64)",
        "UPDATE enrollment_agreements SET status = 'awaiting_student'",
        "UPDATE enrollment_agreements SET status = 'void', void_reason = 'x', ended_at = now()",
        "UPDATE enrollment_agreements SET signed_at = now() + interval '1 day'",
        "UPDATE enrollment_agreements SET cancellation_until = NULL",
        "DELETE FROM enrollment_agreements",
        "TRUNCATE enrollment_agreements CASCADE",
        "UPDATE agreement_signatures SET typed_name = 'x'",
        "DELETE FROM agreement_signatures",
        "UPDATE program_fees SET amount_cents = 1",
        "DELETE FROM program_fees",
        f"DELETE FROM enrollments WHERE id = {world.enrollments['maria']}",
    )
    for statement in statements:
        with pytest.raises(DBAPIError), world.database.begin() as session:
            session.execute(text(statement))
    assert world.row(number).status == "in_force"


def test_a_subject_without_a_way_in_finds_nothing(world: World) -> None:
    number = world.prepare()
    for stranger in (world.theo,):
        with world.database.begin() as session:
            for act in (
                lambda s, who: service.read(s, who, number),
                lambda s, who: service.of_enrollment(s, who, world.enrollments["maria"]),
            ):
                with pytest.raises(NotFound):
                    act(session, stranger)
            assert service.of_student(session, stranger, world.maria.user_id) == ()
            assert service.own_to_sign(session, stranger) == []
            assert service.own_to_sign(session, world.maria) == [(number, "Dental Assistant")]
        with pytest.raises(NotFound):
            service.content(world.database, stranger, world.files, number)
    assert isinstance(world.rita, Subject)
