"""What stands for a kiosk and for a student at it: codes, keys, PINs and cards."""

import pytest
from cryptography.hazmat.primitives import serialization
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.compliance.attendance.kiosk import keys, service
from app.compliance.attendance.kiosk.cards import service as cards
from app.compliance.attendance.kiosk.schemas import KioskForm, PinForm, RegisterIn
from app.compliance.attendance.kiosk.sync import sync
from app.core.errors import Conflict, Invalid, Unauthorized
from app.db.session import Database
from app.settings import Settings
from tests.compliance.attendance.kiosks import (
    EVENING,
    MONDAY,
    after,
    at,
    database,
    device,
    hours,
    punches,
    students,
)
from tests.factories.kiosk import Tablet, tablet
from tests.factories.school import School, subject_of

__all__ = ["database", "device"]


def test_a_card_stands_for_number_and_pin_until_it_is_replaced_or_revoked(
    session: Session, settings: Settings, database: Database, school: School, device: Tablet
) -> None:
    [(user, _typed)] = students(session, settings, school, 1)
    registrar = subject_of(school.admin())
    with at(MONDAY):
        lost = cards.issue_card(session, settings, registrar, user.id)
        valid = cards.issue_card(session, settings, registrar, user.id)
        session.commit()
        made_up = valid.text[:-1] + ("0" if valid.text[-1] != "0" else "1")
        for text in (lost.text, made_up, valid.text):
            device.punch("in", f"card {text}", MONDAY)
        answers = device.send(database, settings).punches
    assert [one.state for one in answers] == ["refused", "refused", "recorded"]
    assert answers[0].sentence.startswith("This card is no longer valid.")
    assert answers[2].student == "Amira K."
    assert [row.user_id for row in punches(session)] == [user.id, None, user.id]
    with at(after(hours=1)):
        cards.revoke_card(session, registrar, valid.card.id)
        session.commit()
        with pytest.raises(Conflict, match="revoked"):
            cards.read_card(session, settings, registrar, valid.card.id)
        out = device.punch("out", f"card {valid.text}", after(hours=1))
        assert device.send(database, settings, [out]).punches[0].state == "refused"


def test_a_revoked_kiosk_records_nothing_and_loses_nothing(
    session: Session, settings: Settings, database: Database, school: School, device: Tablet
) -> None:
    [(user, typed)] = students(session, settings, school, 1)
    device.punch("in", typed, MONDAY)
    with at(EVENING):
        service.revoke_kiosk(session, subject_of(school.admin()), device.id)
        session.commit()
        answer = device.send(database, settings)
    assert answer.revoked
    [row] = punches(session)
    assert (row.state, row.reason, row.user_id, row.waits) == ("refused", "revoked", user.id, True)
    assert hours(session) == []


def test_what_no_kiosk_has_signed_is_turned_away(
    session: Session, settings: Settings, database: Database, client: TestClient, device: Tablet
) -> None:
    body, signature = device.batch([])
    with pytest.raises(Unauthorized):
        sync(database, settings, body + b" ", signature)
    with pytest.raises(Unauthorized):
        sync(database, settings, body.replace(b'"kiosk": ', b'"kiosk": 9'), signature)
    wrong: dict[bytes, int] = {b"": 422, b"[]": 422, b"\xff": 422, body: 401, b"x" * 98_305: 413}
    for content, status in wrong.items():
        answer = client.post(
            "/api/v1/kiosk/punches", content=content, headers={"X-Kiosk-Signature": b"\xe9="}
        )
        assert answer.status_code == status, content[:20]
    found = client.post("/api/v1/kiosk/punches", content=body, headers={"X-Kiosk-Signature": signature})
    assert (found.status_code, found.json()["punches"]) == (200, [])


def test_a_code_registers_one_tablet_once_and_for_half_an_hour(
    session: Session, settings: Settings, school: School
) -> None:
    admin = subject_of(school.admin())
    with at(MONDAY):
        kiosk, code = service.add_kiosk(session, admin, KioskForm(name="Lab"))
        with pytest.raises(Invalid, match="not a P-256 key"):
            service.register(session, settings, RegisterIn(code=code, public_key="AAAA"), None, MONDAY)
    key = tablet(session, settings, admin, "Other").key.public_key()
    spki = keys.encode(
        key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    values = RegisterIn(code=f" {code.lower()} ", public_key=spki)
    with pytest.raises(Invalid, match="expired"):
        service.register(session, settings, values, None, after(minutes=30))
    made = service.register(session, settings, values, None, after(minutes=29))
    assert made.kiosk == kiosk.id
    with pytest.raises(Invalid, match="was used"):
        service.register(session, settings, values, None, after(minutes=29))
    with pytest.raises(Conflict, match="registered as this kiosk already"):
        service.renew_code(session, admin, kiosk.id)


def test_easy_and_mistyped_pins_are_refused(session: Session, settings: Settings, school: School) -> None:
    student = subject_of(school.student())
    for pin, again in (("123456", "123456"), ("204815", "204816")):
        with pytest.raises(Invalid):
            service.choose_pin(session, settings, student, PinForm(pin=pin, again=again))
    assert service.pin_chosen_at(session, student) is None
