"""Pages of credentials: what strangers learn and what not, bad input, the staff's list, types, and commands."""

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.compliance.credentials.awards import service as awards
from app.compliance.credentials.awards.drafts import Wanted
from app.core.files import open_store
from app.core.permissions import SYSTEM, Duty
from app.db.models import Credential, CredentialShare, EnrollmentStatus, User
from app.ops.errors import OperatorError
from app.settings import Settings
from tests.compliance.credentials.conftest import awarding, diploma
from tests.conftest import OneConnection
from tests.factories.school import School

SignedIn = Callable[[User], TestClient]


@pytest.fixture
def school(
    session: Session, settings: Settings, connection: sa.Connection, monkeypatch: pytest.MonkeyPatch
) -> SimpleNamespace:
    """A graduate with a credential whose code is known, and the people who look at it."""
    code = "7K3MWQ2PZ8RA4TNC"
    made = School(session)
    awarding(session, settings)
    program = made.program(name="Dental Assistant Professional")
    student = made.student(full_name="Nguyễn Thị Bích Ngọc")
    enrollment = made.enrollment(
        student, program, status=EnrollmentStatus.COMPLETED, completed_at=date(2026, 5, 15)
    )
    kind = diploma(session, program.id)
    registrar, auditor = made.with_duty(Duty.REGISTRAR), made.with_duty(Duty.AUDITOR)
    session.commit()
    monkeypatch.setattr("app.documents.service.make_code", lambda: code)
    database = OneConnection(connection, settings)
    number = awards.issue(
        database, SYSTEM, open_store(settings), settings, Wanted(kind.id, enrollment.id, uuid4())
    )
    row = awards.read(session, SYSTEM, number, settings.zone)
    monkeypatch.undo()
    return SimpleNamespace(
        code=code,
        number=number,
        serial=row.serial,
        student=student,
        other=made.student(),
        registrar=registrar,
        auditor=auditor,
        type_id=kind.id,
        enrollment_id=enrollment.id,
        zone=settings.zone,
    )


def alert(answer_text: str) -> str:
    found = re.search(r'notice-title">([^<]*)<', answer_text)
    return found[1] if found else ""


def test_a_stranger_learns_what_the_number_and_the_code_give_away_and_no_more(
    client: TestClient, school: SimpleNamespace, session: Session
) -> None:
    def ask(**given: str) -> str:
        answer = client.post("/credentials/verify", data=given)
        assert answer.headers["x-robots-tag"] == "noindex, nofollow"
        assert "Ngọc" not in answer.text
        return answer.text

    by_number = ask(serial=f" {school.serial.lower()} ")
    assert alert(by_number) == "This credential is valid"
    assert "Dental Assistant Professional" not in by_number
    for code in (school.code, "7k3m-wq2p-z8ra-4tnc", "7K3M WQ2P Z8RA 4TNC"):
        in_full = ask(code=code)
        assert "Dental Assistant Professional" in in_full
        assert "NN" in in_full
    assert ask(serial=school.serial, code=school.code).count(school.serial)
    unknown = [
        ask(serial="DAC-2026-999"), ask(serial="%"), ask(serial="DAC-2026-999", code=school.code), ask(code="0" * 16),
        ask(serial=school.serial, code="0" * 16), ask(code="x"), ask(serial="Ж" * 30),
    ]  # fmt: skip
    assert {alert(text) for text in unknown} == {"We cannot confirm this credential"}
    shown = {re.sub(r'value="[^"]*"', "", text) for text in unknown}
    assert len(shown) == 1, "a wrong code and a number that never was are answered alike"
    nothing = client.post("/credentials/verify", data={"go": "1"})
    assert nothing.status_code == 422
    assert "Enter the number" in nothing.text
    assert client.get("/credentials/verify").status_code == 200
    # It is on no page before its holder says so.
    assert session.scalar(sa.select(sa.func.count()).select_from(CredentialShare)) == 0


def test_the_holder_switches_a_page_on_and_off_and_nobody_else_does(
    client: TestClient, signed_in: SignedIn, school: SimpleNamespace, session: Session
) -> None:
    at = f"/credentials/{school.number}"
    for who, status in ((school.registrar, 403), (school.other, 404)):
        assert signed_in(who).post(f"{at}/share", data={"go": "1"}).status_code == status
    holder = signed_in(school.student)
    assert holder.post(f"{at}/share", data={"go": "1"}).status_code == 303
    slug = session.scalars(sa.select(CredentialShare.slug)).one()
    page = client.get(f"/credentials/shared/{slug}")
    assert page.headers["x-robots-tag"] == "noindex, nofollow"
    for words in ("Nguyễn Thị Bích Ngọc", "og:image", "summary_large_image", "linkedin.com/profile/add?"):
        assert words in page.text
    card = client.get(f"/credentials/shared/{slug}/card.png")
    assert (card.headers["content-type"], card.content[:4]) == ("image/png", b"\x89PNG")
    badge = client.get(f"/credentials/shared/{slug}/badge.json").json()
    assert badge["credentialSubject"]["licenseNumber"] == school.serial
    assert "Opened 1 time" in holder.get(at).text
    # Who opts out of directory information is on no page of strangers, and a number that is guessed says nothing.
    for _twice in range(2):
        assert holder.post("/account/privacy/directory", data={"hidden": "yes"}).status_code == 303
    assert client.get(f"/credentials/shared/{slug}").status_code == 404
    guessed = client.post("/credentials/verify", data={"serial": school.serial}).text
    assert alert(guessed) == "We cannot confirm this credential"
    assert "Dental Assistant" in client.post("/credentials/verify", data={"code": school.code}).text
    assert holder.post("/account/privacy/directory", data={"hidden": "no"}).status_code == 303
    assert holder.post(f"{at}/unshare", data={"go": "1"}).status_code == 303
    gone, never = client.get(f"/credentials/shared/{slug}"), client.get(f"/credentials/shared/{'0' * 16}")
    assert gone.status_code == never.status_code == 404
    assert "Ngọc" not in gone.text
    actions = list(
        session.scalars(
            sa.text("SELECT action FROM audit_log WHERE action LIKE 'credential.%share%' ORDER BY id")
        )
    )
    assert actions == ["credential.shared", "credential.unshared"]
    # The registrar cannot switch one on, but off: for a holder who asks, or who cannot any more.
    assert holder.post(f"{at}/share", data={"go": "1"}).status_code == 303
    assert signed_in(school.other).post(f"{at}/unshare", data={"go": "1"}).status_code == 404
    office = signed_in(school.registrar)
    assert "Switch the public page off" in office.get(at).text
    assert office.post(f"{at}/unshare", data={"go": "1"}).status_code == 303
    open_ones = (
        sa.select(sa.func.count()).select_from(CredentialShare).where(CredentialShare.ended_at.is_(None))
    )
    assert session.scalar(open_ones) == 0


def test_the_registrar_lists_replaces_and_revokes_and_an_auditor_only_reads(
    signed_in: SignedIn, school: SimpleNamespace, client: TestClient
) -> None:
    registrar, auditor = signed_in(school.registrar), signed_in(school.auditor)
    at = f"/credentials/{school.number}"
    for who in (registrar, auditor):
        assert school.serial in who.get("/credentials", params={"q": school.serial, "standing": "valid"}).text
        assert school.serial in who.get(at).text
    assert "Nothing matches" in registrar.get("/credentials", params={"standing": "revoked"}).text
    found = registrar.get("/credentials", params={"format": "csv"})
    assert found.text.removeprefix("\ufeff").startswith(
        "Number,Student,Credential,Level,Program,Issued,Expires,Status"
    )
    assert school.serial in found.text
    assert registrar.get("/credentials", params={"group": "month"}).status_code == 200
    assert school.serial in registrar.get("/search", params={"q": school.serial}).text
    assert auditor.post(f"{at}/revoke", data={"reason": "Because"}).status_code == 403
    assert signed_in(school.student).post(f"{at}/revoke", data={"reason": "Because"}).status_code == 403
    assert registrar.get(f"{at}/replace").status_code == 200
    twice = registrar.post(
        f"/enrollments/{school.enrollment_id}/credential",
        data={"type_id": str(school.type_id), "request": str(uuid4())},
    )
    assert twice.status_code == 409
    assert f"already holds {school.serial}" in twice.text
    short = registrar.post(f"{at}/revoke", data={"reason": "x"})
    assert short.status_code == 422
    assert registrar.post(f"{at}/revoke", data={"reason": "Issued by mistake"}).status_code == 303
    assert registrar.post(f"{at}/revoke", data={"reason": "Again"}).status_code == 409
    learned = client.post("/credentials/verify", data={"code": school.code}).text
    assert alert(learned) == "This credential was revoked"
    assert "Issued by mistake" not in learned


def test_types_are_named_once_and_keep_their_prefix_after_the_first_number(
    signed_in: SignedIn, school: SimpleNamespace
) -> None:
    registrar = signed_in(school.registrar)
    given = {
        "name": "CPR", "prefix": "cpr", "level": "Certificate", "description": "Can help.", "criteria": "A test.",
        "validity_months": "24",
    }  # fmt: skip
    assert registrar.post("/credentials/types/new", data=given).status_code == 303
    for change, status, words in (
        ({"prefix": "OTH"}, 409, "this name already"),
        ({"name": "Other"}, 409, "has this prefix"),
        ({"name": "Other", "prefix": "C1"}, 422, "2 to 6 letters"),
        ({"name": "Other", "prefix": "OTH", "validity_months": "0"}, 422, "Valid|months"),
        ({"name": "Other", "prefix": "OTH", "program_id": "999999"}, 422, "This program no longer exists"),
    ):
        answer = registrar.post("/credentials/types/new", data=given | change)
        assert answer.status_code == status, answer.text
        assert re.search(words, answer.text, re.IGNORECASE), words
    answer = registrar.post(
        f"/credentials/types/{school.type_id}/edit",
        data=given | {"name": "Dental Assistant Certification", "prefix": "XYZ"},
    )
    assert answer.status_code == 409
    assert "so the prefix stays" in answer.text
    assert registrar.post(f"/credentials/types/{school.type_id}/archive", data={"go": "1"}).status_code == 303
    assert "No longer awarded" in registrar.get("/credentials/types").text


def test_what_verifiers_read_is_open_to_every_site(client: TestClient, school: SimpleNamespace) -> None:
    did = client.get("/.well-known/did.json")
    assert did.headers["access-control-allow-origin"] == "*"
    assert did.json()["verificationMethod"][0]["type"] == "Multikey"
    listed = client.get("/credentials/status/1")
    assert listed.json()["type"] == ["VerifiableCredential", "BitstringStatusListCredential"]
    token = client.get("/credentials/status/1.jwt").text
    assert token.count(".") == 2
    assert client.get("/credentials/status/1", headers={"accept": "application/vc+jwt"}).text == token
    for missing in ("/credentials/status/2", "/credentials/status/99.jwt", "/credentials/awards/NONE"):
        assert client.get(missing).status_code == 404
    award = client.get("/credentials/awards/DAC")
    assert "Complete the program." in award.text
    assert client.get("/credentials/awards/DAC/image.png").content[:4] == b"\x89PNG"


def test_the_commands_issue_and_verify_and_end_with_1_for_what_does_not_hold(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, live_settings: Settings
) -> None:
    from typer.testing import CliRunner

    from app.commands import credential as command
    from app.db.session import Database

    database = Database(live_settings)
    with database.begin() as session:
        made = School(session)
        awarding(session, live_settings)
        program = made.program()
        student = made.student(email="ana@example.org")
        made.enrollment(student, program, status=EnrollmentStatus.COMPLETED)
        diploma(session, program.id)
    monkeypatch.setattr("app.ops.school_database.get_settings", lambda: live_settings)
    run = CliRunner().invoke
    done = run(command.commands, ["issue", "ANA@example.org", "dac", "--json"])
    assert done.exit_code == 0, done.output
    issued = json.loads(done.output)
    assert re.fullmatch(r"DAC-\d{4}-001", issued["serial"])
    again = run(command.commands, ["issue", "ana@example.org", "DAC"])
    assert again.exit_code != 0
    for unknown in (["issue", "nobody@example.org", "DAC"], ["issue", "ana@example.org", "NONE"]):
        refused = run(command.commands, unknown)
        assert isinstance(refused.exception, OperatorError), refused.exception
    large = tmp_path / "large.json"
    large.write_text(" " * 300_000)
    assert isinstance(run(command.commands, ["verify", str(large)]).exception, OperatorError)
    with database.begin() as session:
        badge = session.scalars(sa.text("SELECT badge FROM credential_issues")).one()
        number = session.scalars(sa.select(Credential.id)).one()
    path = tmp_path / "badge.json"
    for text, status in ((badge, 0), (badge.replace("Diploma", "Degree"), 1), ("nothing", 1)):
        path.write_text(text)
        done = run(command.commands, ["verify", str(path), "--json"])
        assert done.exit_code == status, done.output
        assert json.loads(done.output)["valid"] is (status == 0)
    with database.begin() as session:
        awards.revoke(session, SYSTEM, number, "A mistake", live_settings.zone)
    path.write_text(badge)
    assert run(command.commands, ["verify", str(path)]).exit_code == 1
    database.close()
