"""Issuing: numbers without a gap, one document for one request, nothing half-written, a register that is permanent."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from types import SimpleNamespace
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pikepdf
import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, TooManyRequests
from app.core.files import FileStore, claims, open_store
from app.core.permissions import SYSTEM, Role, Subject
from app.db.models import IssuedDocument, User
from app.db.session import Database
from app.documents import issue as issuing
from app.documents import kinds, numbers, register
from app.documents.issue import Draft, issue, preview
from app.documents.kinds import DocumentKind
from app.documents.letterhead import Letterhead, readable
from app.documents.numbers import Wanted
from app.settings import Settings
from tests.documents.test_render import FACTS, LETTER
from tests.factories.accounts import UserFactory

KIND = "test_letter"
OTHER = "test_other"


@pytest.fixture(autouse=True)
def _kinds() -> Iterator[None]:
    for name, prefix in ((KIND, "TL"), (OTHER, "TO")):
        kinds.register(DocumentKind(name, prefix, "Test letter", LETTER, FACTS, lambda *_: [], lambda _: "/"))
    yield
    for name in (KIND, OTHER):
        del kinds._kinds[name]


def subject_of(user: User) -> Subject:
    return Subject(user.id, user.email, user.full_name, user.role)


@pytest.fixture
def world(live_database: Database, live_settings: Settings) -> SimpleNamespace:
    """A student, a registrar and a store, in a database that is committed to."""
    with live_database.begin() as session:
        student = UserFactory(session=session, full_name="Maria Lopez")
        other = UserFactory(session=session)
        admin = UserFactory(session=session, role=Role.ADMIN)
        instructor = UserFactory(session=session, role=Role.INSTRUCTOR)
    return SimpleNamespace(
        database=live_database,
        settings=live_settings,
        files=open_store(live_settings),
        student=subject_of(student),
        other=subject_of(other),
        admin=subject_of(admin),
        instructor=subject_of(instructor),
    )


def draft(world: SimpleNamespace, **facts: object) -> Callable[[Session], Draft]:
    letterhead = Letterhead("Peachtree Dental Academy", ZoneInfo("America/New_York"))
    shown = {name: FACTS[name] for name in ("recipient", "salutation", "opening", "facts", "paragraphs")}
    made = Draft(KIND, world.student.user_id, None, letterhead, shown | facts, {"student": "Maria Lopez"})
    return lambda _session: made


def make(world: SimpleNamespace, who: Subject | None = None, **options: Any) -> IssuedDocument:
    facts = options.pop("facts", {})
    options.setdefault("request", uuid4())
    return issue(
        world.database, who or world.admin, world.files, world.settings, draft(world, **facts), **options
    )


def rows(world: SimpleNamespace) -> list[IssuedDocument]:
    with world.database.begin() as session:
        return list(session.scalars(sa.select(IssuedDocument).order_by(IssuedDocument.id)))


def test_a_document_is_numbered_signed_kept_and_written_down(world: SimpleNamespace) -> None:
    document = make(world)
    year = clock.today(ZoneInfo("America/New_York")).year
    assert document.number == f"TL-{year}-000001"
    pdf = world.files.read_bytes(document.sha256)
    assert hashlib.sha256(pdf).hexdigest() == document.sha256
    assert len(pdf) == document.size_bytes
    with pikepdf.open(BytesIO(pdf)) as opened:
        attached = opened.attachments["document.json"].get_file().read_bytes()
    assert hashlib.sha256(attached).hexdigest() == document.facts_sha256
    assert document.number.encode() in attached
    with world.database.begin() as session:
        verdict = register.verify(session, world.admin, pdf)
        assert verdict.accepted, verdict.findings
        assert verdict.owner == "Maria Lopez"
        row = session.execute(
            sa.text("SELECT details, target_id FROM audit_log WHERE action = 'document.issued'")
        ).one()
        assert row.target_id == str(document.id)
        assert row.details["number"] == document.number
        with pytest.raises(Conflict, match="permanently"):
            claims.release(session, "documents", document.id)


def test_what_is_wrong_with_a_name_leaves_a_void_number_and_no_document(world: SimpleNamespace) -> None:
    with pytest.raises(Invalid, match=r"U\+0E2A"):
        make(world, facts={"opening": "Somchai สมชาย"})
    (row,) = rows(world)
    assert row.status == "void"
    assert "U+0E2A" in str(row.void_reason)
    assert row.sha256 is None
    assert list(world.files.listed()) == []
    assert make(world).number.endswith("000002")
    with world.database.begin() as session:
        assert [one.number for one in register.of_student(session, world.student, world.student.user_id)] == [
            rows(world)[1].number
        ]


def test_a_store_that_is_full_leaves_a_void_number(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: FileStore, source: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(world.files), "put", full)
    with pytest.raises(OSError, match="No space"):
        make(world)
    (row,) = rows(world)
    assert (row.status, row.void_reason) == ("void", "The system failed: OSError.")


def test_one_request_is_one_document(world: SimpleNamespace) -> None:
    request = uuid4()
    with ThreadPoolExecutor(4) as threads:

        def once(_number: int) -> object:
            try:
                return make(world, request=request).number
            except (Conflict, DBAPIError) as error:
                return error

        found = list(threads.map(once, range(4)))
    numbers_made = {item for item in found if isinstance(item, str)}
    assert len(numbers_made) == 1
    assert make(world, request=request).number in numbers_made
    assert [row.status for row in rows(world)] == ["issued"]


def test_whose_documents_who_may_make_and_read(world: SimpleNamespace) -> None:
    document = make(world, world.student)
    for stranger in (world.other, world.instructor):
        with pytest.raises(NotFound):
            make(world, stranger)
        with world.database.begin() as session, pytest.raises(NotFound):
            register.read(session, stranger, document.id)
        with world.database.begin() as session, pytest.raises(NotFound):
            register.content(session, stranger, world.files, document.id)
    with world.database.begin() as session:
        _, pdf = register.content(session, world.student, world.files, document.id)
        for person in (world.student, world.other, world.instructor):
            with pytest.raises(Forbidden):
                register.verify(session, person, pdf)
        with pytest.raises(Forbidden):
            register.void(session, world.student, document.id, "because")
    assert len(rows(world)) == 1


def test_a_student_does_not_fill_the_store(world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(issuing, "MOST_A_DAY", 2)
    for _ in range(2):
        make(world, world.student)
    with pytest.raises(TooManyRequests):
        make(world, world.student)
    assert len(rows(world)) == 2
    make(world, world.admin)


def test_a_preview_is_no_document(world: SimpleNamespace) -> None:
    with world.database.begin() as session:
        pdf = preview(world.settings, draft(world)(session))
        verdict = register.verify(session, SYSTEM, pdf)
    assert not verdict.accepted
    assert rows(world) == []


def test_replaced_and_void_documents_do_not_hold(
    world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make(world)
    with monkeypatch.context() as patched:
        patched.setitem(kinds._kinds, KIND, replace(kinds.get(KIND), again=None))
        with pytest.raises(Conflict, match=r"“Test letter” is not replaced. Make the old one void"):
            make(world, replaces=first.id)
    second = make(world, replaces=first.id)
    with pytest.raises(Conflict, match="is no longer valid"):
        make(world, replaces=first.id)
    with world.database.begin() as session:
        for document, word in ((first, "replaced"), (second, "valid")):
            pdf = world.files.read_bytes(document.sha256)
            verdict = register.verify(session, world.admin, pdf)
            assert verdict.accepted is (document is second)
            assert word in next(item.answer for item in verdict.findings if item.question == "Register")
        register.void(session, world.admin, second.id, "Wrong program named")
    with world.database.begin() as session:
        verdict = register.verify(session, world.admin, world.files.read_bytes(second.sha256))
        assert not verdict.accepted
        assert "Wrong program named" in str(verdict.findings)
        with pytest.raises(Conflict):
            register.void(session, world.admin, second.id, "again")


# Numbers


def wanted(world: SimpleNamespace, kind: str = KIND) -> Wanted:
    return Wanted(kind, world.student.user_id, None, uuid4())


def test_fifty_threads_with_rollbacks_leave_no_gap(world: SimpleNamespace) -> None:
    class Changed(Exception):
        pass

    def take_some(thread: int) -> None:
        for round_ in range(4):
            try:
                with world.database.begin() as session:
                    numbers.reserve(session, world.admin, 2026, [wanted(world)])
                    if (thread + round_) % 5 == 0:
                        raise Changed
            except Changed:
                pass

    with ThreadPoolExecutor(50) as threads:
        list(threads.map(take_some, range(50)))
    serials = sorted(row.serial for row in rows(world))
    assert serials == list(range(1, 161))


def test_two_kinds_in_opposite_order_do_not_wait_for_each_other(world: SimpleNamespace) -> None:
    gate = threading.Barrier(2)

    def both(order: tuple[str, str]) -> None:
        gate.wait()
        for _ in range(30):
            with world.database.begin() as session:
                numbers.reserve(session, world.admin, 2026, [wanted(world, kind) for kind in order])

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(both, [(KIND, OTHER), (OTHER, KIND)]))
    assert len(rows(world)) == 120


def test_a_block_that_was_interrupted_is_given_up_with_its_reason(world: SimpleNamespace) -> None:
    with world.database.begin() as session:
        numbers.reserve(session, world.admin, 2026, [wanted(world) for _ in range(5)])
    assert {row.status for row in rows(world)} == {"reserved"}
    with world.database.begin() as session:
        assert numbers.give_up_abandoned(session, clock.now()) == 0
        assert numbers.give_up_abandoned(session, clock.now() + timedelta(hours=2)) == 5
    assert {(row.status, row.void_reason) for row in rows(world)} == {("void", numbers.UNFINISHED)}


def test_each_year_begins_with_one_by_the_schools_calendar(world: SimpleNamespace) -> None:
    with time_machine.travel("2026-12-31 23:30-05:00", tick=True):
        assert make(world).number == "TL-2026-000001"
    with time_machine.travel("2027-01-01 00:30-05:00", tick=True):
        assert make(world).number == "TL-2027-000001"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE issued_documents SET sha256 = repeat('0', 64)",
        "UPDATE issued_documents SET status = 'reserved', sha256 = NULL",
        "UPDATE issued_documents SET status = 'void', void_reason = 'x', number = 'TL-2026-999999'",
        "UPDATE issued_documents SET status = 'void', void_reason = 'x', issued_at = now()",
        "UPDATE issued_documents SET status = 'void'",
        "UPDATE issued_documents SET student_id = student_id + 1",
        "DELETE FROM issued_documents",
        "TRUNCATE issued_documents",
        "DELETE FROM users WHERE id = (SELECT student_id FROM issued_documents)",
        "DELETE FROM signing_keys",
        "UPDATE signing_keys SET certificate_pem = ''",
        "DELETE FROM signing_crls",
        "UPDATE signing_crls SET crl_pem = ''",
        "DELETE FROM document_counters",
    ],
)
def test_the_register_is_permanent(world: SimpleNamespace, statement: str) -> None:
    make(world)
    with pytest.raises(DBAPIError), world.database.begin() as session:
        session.execute(sa.text(statement))


@pytest.mark.parametrize("damage", ["flip", "append", "embedded certificate", "padding", "truncate"])
def test_the_register_refuses_every_other_byte(world: SimpleNamespace, damage: str) -> None:
    pdf = bytearray(world.files.read_bytes(make(world).sha256))
    contents = pdf.index(b"/Contents <") + len(b"/Contents <")
    match damage:
        case "flip":
            pdf[5000] ^= 1
        case "append":
            pdf += b"\n"
        case "embedded certificate":
            pdf[contents + 500] = ord("1") if pdf[contents + 500] != ord("1") else ord("2")
        case "padding":
            end = pdf.index(b">", contents)
            pdf[end - 4] = ord("1")
        case "truncate":
            del pdf[-1]
    with world.database.begin() as session:
        assert not register.verify(session, world.admin, bytes(pdf)).accepted


def test_a_color_that_cannot_be_read_on_white_is_not_used() -> None:
    assert readable("#1f4e79") == "#1f4e79"
    assert readable("#ffee00") == "#1f2933"
