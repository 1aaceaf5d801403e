"""Punches of kiosks: each counts once however it arrives, and what cannot count is kept with a sentence."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import time_machine
from cryptography.hazmat.primitives import serialization
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.compliance.attendance.kiosk import keys, service
from app.compliance.attendance.kiosk.cards import service as cards
from app.compliance.attendance.kiosk.schemas import KioskForm, PinForm, RegisterIn
from app.compliance.attendance.kiosk.settling import give_up_gap
from app.compliance.attendance.kiosk.sync import sync
from app.core.errors import Conflict, Invalid, Unauthorized
from app.db.models import Attendance, AttendanceClosing, AuditEntry, EnrollmentStatus, KioskPunch, User
from app.db.session import Database
from app.settings import Settings
from tests.factories.kiosk import Tablet, give_pin, tablet
from tests.factories.school import School, subject_of

ZONE = ZoneInfo("America/New_York")
MONDAY = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
EVENING = MONDAY + timedelta(hours=10)


def after(**parts: int) -> datetime:
    return MONDAY + timedelta(**parts)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    with time_machine.travel(moment, tick=False):
        yield


@pytest.fixture
def database(app: FastAPI) -> Database:
    """The program's database: each of its transactions is a savepoint of the test's."""
    found: Database = app.state.database
    return found


@pytest.fixture
def device(session: Session, settings: Settings, school: School) -> Tablet:
    with at(MONDAY - timedelta(hours=1)):
        made = tablet(session, settings, subject_of(school.admin()))
    session.commit()
    return made


def students(session: Session, settings: Settings, school: School, count: int) -> list[tuple[User, str]]:
    people = []
    with at(MONDAY - timedelta(hours=1)):
        for _ in range(count):
            user = school.student(full_name="Amira Khan")
            school.enrollment(user)
            people.append((user, give_pin(session, settings, user)))
    session.commit()
    return people


def hours(session: Session) -> list[tuple[int, datetime, datetime | None, int | None, str]]:
    columns = Attendance.user_id, Attendance.clock_in, Attendance.clock_out, Attendance.total_minutes
    rows = session.execute(
        select(*columns, Attendance.source).order_by(Attendance.user_id, Attendance.clock_in)
    )
    return [tuple(row) for row in rows]


def punches(session: Session) -> list[KioskPunch]:
    session.expire_all()
    return list(session.scalars(select(KioskPunch).order_by(KioskPunch.id)))


def test_a_student_who_is_there_sees_their_first_name_and_what_was_recorded(
    session: Session, settings: Settings, database: Database, school: School, device: Tablet
) -> None:
    [(user, typed)] = students(session, settings, school, 1)
    with at(MONDAY):
        [answer] = device.send(database, settings, [device.punch("in", typed, MONDAY)]).punches
    assert (answer.state, answer.student, answer.sentence) == (
        "recorded",
        "Amira K.",
        "Clocked in at 8:00 AM.",
    )
    with at(after(hours=4, seconds=30)):
        [answer] = device.send(database, settings, [device.punch("out", typed, after(hours=4))]).punches
    assert answer.sentence == "Clocked out at 12:00 PM."
    assert hours(session) == [(user.id, MONDAY, after(hours=4), 240, "kiosk")]
    said = session.scalars(select(AuditEntry.details).where(AuditEntry.target == "attendance")).all()
    assert [one["kiosk"] for one in said] == ["Front desk", "Front desk"]


@pytest.mark.parametrize("typed", ["wrong PIN", "unknown number", "no PIN", "nonsense"])
def test_whoever_does_not_prove_who_they_are_learns_nothing(
    session: Session, settings: Settings, database: Database, school: School, device: Tablet, typed: str
) -> None:
    [(user, _right)] = students(session, settings, school, 1)
    other = school.student()
    text = {
        "wrong PIN": f"pin {user.id} 999999",
        "unknown number": "pin 2147483647 204815",
        "no PIN": f"pin {other.id} 204815",
        "nonsense": "\u0663 and so on",
    }[typed]
    with at(MONDAY):
        [answer] = device.send(database, settings, [device.punch("in", text, MONDAY)]).punches
    assert answer.state == "refused"
    assert answer.student is None
    assert answer.sentence.startswith("The number and the PIN do not match.")
    [row] = punches(session)
    # They saw it at once, so nobody in the office needs to look; sent again, it was never seen.
    assert (row.state, row.waits) == ("refused", False)
    with at(MONDAY):
        device.send(database, settings, device.kept[-1:])
    [row] = punches(session)
    assert row.waits
    assert hours(session) == []


def test_guesses_are_counted_however_they_arrive(
    session: Session, settings: Settings, database: Database, school: School, device: Tablet
) -> None:
    [(user, right)] = students(session, settings, school, 1)
    for number in range(9):
        device.punch("in", f"pin {user.id} {700000 + number}", after(minutes=number))
    device.punch("in", right, after(minutes=10))
    with at(EVENING):
        device.send(database, settings)
    assert [row.reason for row in punches(session)] == ["wrong_pin"] * 6 + ["too_many"] * 4
    assert hours(session) == []
    with at(EVENING + timedelta(hours=1)):
        [answer] = device.send(
            database, settings, [device.punch("in", right, EVENING + timedelta(hours=1))]
        ).punches
    assert answer.state == "recorded"


@given(seed=st.integers(0, 2**32 - 1), cuts=st.lists(st.integers(1, 6), min_size=1, max_size=8))
@examples(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_however_batches_are_cut_repeated_and_mixed_each_punch_counts_once(
    session: Session,
    settings: Settings,
    database: Database,
    school: School,
    seed: int,
    cuts: list[int],
) -> None:
    chance = random.Random(seed)
    people = students(session, settings, school, 3)
    with at(MONDAY - timedelta(hours=1)):
        device = tablet(session, settings, subject_of(school.admin()), f"Tablet {uuid4()}")
    session.commit()
    expected = []
    for number, (user, typed) in enumerate(people):
        came, left = after(minutes=7 * number), after(hours=4, minutes=number)
        expected.append((user.id, came, left, (left - came) // timedelta(minutes=1), "kiosk"))
        device.punch("in", typed, came)
    for number, (_user, typed) in enumerate(people):
        device.punch("out", typed, after(hours=4, minutes=number))
    batches, rest = [], list(device.kept)
    chance.shuffle(rest)
    for size in [*cuts, len(rest)]:
        batches.append(rest[:size])
        rest = rest[size:]
    batches += [chance.sample(device.kept, chance.randint(0, 6)) for _ in range(3)]
    chance.shuffle(batches)
    with at(EVENING):
        for batch in batches:
            answers = device.send(database, settings, batch).punches
            assert sorted(one.counter for one in answers) == sorted(one["counter"] for one in batch)
        answers = device.send(database, settings).punches
    assert {one.state for one in answers} == {"recorded"}
    assert [row for row in hours(session) if row[0] in {user.id for user, _ in people}] == expected
    counted = select(func.count()).where(KioskPunch.kiosk_id == device.id)
    assert session.scalar(counted) == 6


def _forged(device: Tablet, typed: str) -> list[dict[str, object]]:
    row = device.punch("in", typed, after(minutes=1))
    device.counter, device.chain = device.counter - 1, str(row["previous"])
    return [row | {"kind": "out"}]


def _copied(device: Tablet, typed: str) -> list[dict[str, object]]:
    """A tablet put back to an earlier state makes another punch with the same number."""
    first = device.punch("in", typed, after(minutes=1))
    device.counter, device.chain = device.counter - 1, str(first["previous"])
    return [first, device.punch("out", typed, after(hours=2))]


def _moved(device: Tablet, typed: str) -> list[dict[str, object]]:
    """What was typed is taken from one punch and put into another."""
    first = device.punch("in", typed, after(minutes=1))
    second = device.punch("out", "pin 1 111111", after(hours=2))
    device.kept.pop()
    device.counter, device.chain = device.counter - 1, str(second["previous"])
    encrypted = device.encrypted
    device.encrypted = lambda _typed, _counter: str(first["typed"])  # type: ignore[method-assign]
    moved = device.punch("out", typed, after(hours=2))
    device.encrypted = encrypted  # type: ignore[method-assign]
    return [first, moved]


def _broken_chain(device: Tablet, typed: str) -> list[dict[str, object]]:
    device.chain = "0" * 64
    return [device.punch("in", typed, after(minutes=1))]


def _future(device: Tablet, typed: str) -> list[dict[str, object]]:
    return [device.punch("in", typed, EVENING + timedelta(minutes=3))]


def _beyond(device: Tablet, typed: str) -> list[dict[str, object]]:
    return [device.punch("in", typed, datetime(9700, 1, 1, tzinfo=UTC))]


def _old(device: Tablet, typed: str) -> list[dict[str, object]]:
    return [device.punch("in", typed, EVENING - timedelta(hours=24, seconds=1))]


def _skewed(device: Tablet, typed: str) -> list[dict[str, object]]:
    """The clock was an hour slow at the last contact and is right when the punch arrives: somebody set it."""
    device.offset = 3_600_000
    return [device.punch("in", typed, after(minutes=1))]


def _backward(device: Tablet, typed: str) -> list[dict[str, object]]:
    return [device.punch("in", typed, after(hours=3)), device.punch("out", typed, after(hours=2))]


def _out_alone(device: Tablet, typed: str) -> list[dict[str, object]]:
    return [device.punch("out", typed, after(hours=2))]


def _twice_in(device: Tablet, typed: str) -> list[dict[str, object]]:
    return [device.punch("in", typed, after(hours=1)), device.punch("in", typed, after(hours=2))]


BAD = {
    "forged": (_forged, "forged"),
    "reused": (_copied, "reused"),
    "moved": (_moved, "unreadable"),
    "chain": (_broken_chain, "chain"),
    "future": (_future, "future"),
    "beyond": (_beyond, "future"),
    "old": (_old, "old"),
    "skewed": (_skewed, "clock_changed"),
    "backward": (_backward, "backward"),
    "out alone": (_out_alone, "rule"),
    "twice in": (_twice_in, "rule"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_punch_is_kept_refused_and_waits_for_the_staff(
    session: Session, settings: Settings, database: Database, school: School, device: Tablet, name: str
) -> None:
    [(_user, typed)] = students(session, settings, school, 1)
    make: Callable[[Tablet, str], list[dict[str, object]]] = BAD[name][0]
    made = make(device, typed)
    with at(EVENING):
        device.send(database, settings, made)
        answers = device.send(database, settings, made).punches
    rows = punches(session)
    assert len(rows) == len(made) == len(answers)
    bad = next(row for row in rows if row.state == "refused")
    assert (bad.reason, bad.waits) == (BAD[name][1], True)
    assert (bad.sentence or "").endswith(".")
    assert [row.state for row in rows if row is not bad] == ["recorded"] * (len(made) - 1)
    refused = select(AuditEntry).where(AuditEntry.action == "kiosk_punch.refused")
    assert [one.target_id for one in session.scalars(refused)] == [str(bad.id)]
    # A punch behind the bad one goes its way all the same.
    if name not in ("forged",):
        with at(EVENING):
            device.offset = 0
            device.punch("out" if len(made) == 2 and name != "backward" else "in", typed, EVENING)
            device.send(database, settings, device.kept[-1:])
        assert len(punches(session)) == len(made) + 1


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
    assert answers[0].sentence.startswith("This card is not valid any more.")
    assert answers[2].student == "Amira K."
    assert [row.user_id for row in punches(session)] == [user.id, None, user.id]
    with at(after(hours=1)):
        cards.revoke_card(session, registrar, valid.card.id)
        session.commit()
        with pytest.raises(Conflict, match="revoked"):
            cards.read_card(session, settings, registrar, valid.card.id)
        out = device.punch("out", f"card {valid.text}", after(hours=1))
        assert device.send(database, settings, [out]).punches[0].state == "refused"


def test_the_measured_difference_of_the_clocks_puts_a_slow_tablet_right(
    session: Session, settings: Settings, database: Database, school: School, device: Tablet
) -> None:
    [(user, typed)] = students(session, settings, school, 1)
    slow = timedelta(minutes=17)
    device.offset = int(slow.total_seconds() * 1000)
    device.punch("in", typed, MONDAY - slow)
    device.punch("out", typed, after(hours=5) - slow)
    with at(EVENING):
        device.send(database, settings, sent=EVENING - slow)
    assert hours(session) == [(user.id, MONDAY, after(hours=5), 300, "kiosk")]
    [row, _] = punches(session)
    assert (row.made_at, row.offset_ms, row.measured_ms, row.received_at) == (
        MONDAY - slow,
        1_020_000,
        1_020_000,
        EVENING,
    )


def test_a_punch_that_never_arrives_holds_the_later_ones_for_a_while_and_the_staff_hear_of_it(
    session: Session, settings: Settings, database: Database, school: School, device: Tablet
) -> None:
    people = students(session, settings, school, 2)
    lost = device.punch("in", people[0][1], after(minutes=1))
    made = [
        device.punch("out", people[0][1], after(hours=4)),
        device.punch("in", people[1][1], after(hours=5)),
    ]
    with at(EVENING):
        answers = device.send(database, settings, made).punches
        assert [one.state for one in answers] == ["held", "held"]
        give_up_gap(session, device.id, ZONE)
    session.commit()
    first, second = punches(session)
    assert (first.state, first.reason, first.waits) == ("refused", "rule", True)
    assert (second.state, second.waits) == ("recorded", False)
    with at(EVENING):
        [answer] = device.send(database, settings, [lost]).punches
    assert answer.state == "recorded"
    assert punches(session)[-1].reason == "late"


def test_a_forgotten_clock_out_is_flagged_and_never_invented(
    session: Session, settings: Settings, database: Database, school: School, device: Tablet
) -> None:
    [(_user, typed)] = students(session, settings, school, 1)
    with at(MONDAY):
        device.send(database, settings, [device.punch("in", typed, MONDAY)])
    late = after(hours=17)
    with at(late):
        [answer] = device.send(database, settings, [device.punch("out", typed, late)]).punches
    assert hours(session)[0][3] == 0
    assert session.scalars(select(Attendance.missing_clock_out)).all() == [True]
    assert punches(session)[-1].reason == "forgotten"
    assert "no hours" in answer.sentence


@pytest.mark.parametrize("why", ["withdrawn", "never enrolled", "deleted", "closed"])
def test_who_cannot_clock_in_is_refused_with_attendances_own_sentence(
    session: Session, settings: Settings, database: Database, school: School, device: Tablet, why: str
) -> None:
    user = school.student()
    typed = give_pin(session, settings, user)
    if why != "never enrolled":
        school.enrollment(
            user, status=EnrollmentStatus.WITHDRAWN if why == "withdrawn" else EnrollmentStatus.ACTIVE
        )
    if why == "deleted":
        user.deleted_at = MONDAY
    if why == "closed":
        session.add(AttendanceClosing(through=EVENING.date(), ends_at=EVENING))
    session.commit()
    device.punch("in", typed, MONDAY)
    with at(EVENING):
        [answer] = device.send(database, settings).punches
    [row] = punches(session)
    assert (answer.state, row.state, row.waits) == ("refused", "refused", True)
    assert row.reason == ("unknown" if why == "deleted" else "rule")
    assert hours(session) == []


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
        with pytest.raises(Invalid, match="no P-256 key"):
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
