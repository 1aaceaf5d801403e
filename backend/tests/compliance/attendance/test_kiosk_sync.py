"""Punches of kiosks: each counts once however it arrives, and what cannot count is kept with a sentence."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.compliance.attendance.kiosk.settling import give_up_gap
from app.db.models import Attendance, AttendanceClosing, AuditEntry, EnrollmentStatus, KioskPunch
from app.db.session import Database
from app.settings import Settings
from tests.compliance.attendance.kiosks import (
    EVENING,
    MONDAY,
    ZONE,
    after,
    at,
    database,
    device,
    hours,
    punches,
    students,
)
from tests.factories.kiosk import Tablet, give_pin, tablet
from tests.factories.school import School, subject_of

__all__ = ["database", "device"]


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
