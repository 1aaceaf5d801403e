"""After an agreement was sent: nobody signs who has left, no new time to cancel begins, and its end is announced."""

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from app.core import clock
from app.core.errors import Conflict, Forbidden, Invalid, NotFound, Problem
from app.db.models import Enrollment, IssuedDocument, OutboxMessage, User
from app.documents import service as documents
from app.enrollment import service as enrollments
from app.finance.agreements import queries, service
from app.finance.agreements.cosigners import service as cosigners
from app.finance.agreements.proposals import service as proposals
from app.finance.refunds.cases.queries import enrolled
from app.finance.refunds.cases.terms import LATER_SIGNED, Terms, terms_of
from app.finance.refunds.time_to_cancel import within
from tests.factories.school import School
from tests.factories.withdrawals import ZONE, record
from tests.finance.agreements.conftest import HOURS_72, NOW, World
from tests.finance.agreements.test_agreements import mails, secret_of

PARENT = {"cosigner_kind": "parent", "cosigner_name": "Pat Parent", "cosigner_email": "pat@example.org"}


def terms(world: World, at: datetime) -> Terms:
    number = world.enrollments["maria"]
    with world.database.begin() as session:
        return terms_of(session, number, enrolled(session, number), ZONE, at)


def leave(world: World, *, processed: bool = True) -> None:
    number = world.enrollments["maria"]
    with world.database.begin() as session:
        if enrollments.why_leaving(session, number) is None:
            record(session, world.rita, number)
        if processed:
            enrollments.process_withdrawal(session, world.rita, number, note="Done", zone=ZONE)


def complete(world: World) -> None:
    with world.database.begin() as session:
        school, enrollment = School(session), session.get_one(Enrollment, world.enrollments["maria"])
        school.completion(enrollment, school.lesson(school.module(enrollment.program)))
        enrollments.complete(
            session,
            world.rita,
            world.enrollments["maria"],
            today=NOW.date(),
            zone=ZONE,
            exception="As agreed",
        )


def test_what_the_student_had_signed_when_they_completed_the_program_holds(
    world: World, traveling: time_machine.Traveller
) -> None:
    number = world.prepare()
    world.consent(number)
    world.sign(number)
    traveling.shift(timedelta(days=3))
    complete(world)
    assert world.row(number).status == "awaiting_school"
    assert terms(world, NOW + timedelta(days=3)).application_fee_cents == 15_000
    assert not may_begin(world)
    world.countersign(number)
    assert world.row(number).status == "in_force"


def test_nobody_signs_for_a_program_that_the_student_has_completed(
    world: World, traveling: time_machine.Traveller
) -> None:
    number = world.prepare()
    world.consent(number)
    complete(world)
    row = world.row(number)
    assert (row.status, row.void_reason) == ("void", "The enrollment has ended.")
    with pytest.raises(Conflict, match="Nothing was signed"):
        world.sign(number)


def may_begin(world: World) -> bool:
    with world.database.begin() as session:
        return proposals.may_begin(session, world.bea, world.enrollments["maria"])


@pytest.mark.parametrize("signed", [False, True])
def test_nobody_signs_for_a_program_that_the_student_leaves(
    world: World, traveling: time_machine.Traveller, signed: bool
) -> None:
    number = world.prepare()
    world.consent(number)
    if signed:
        world.sign(number)
    act = world.countersign if signed else world.sign
    leave(world, processed=False)
    with pytest.raises(Conflict, match=r"withdrawal from this program waits.*Nothing was signed"):
        act(number)
    with pytest.raises(Conflict, match="Nothing was sent"):
        world.prepare()
    leave(world)
    row = world.row(number)
    assert (row.status, row.void_reason) == ("void", "The enrollment has ended.")
    with pytest.raises(Conflict, match="Nothing was signed"):
        act(number)
    with pytest.raises(Conflict, match="is withdrawn"):
        world.prepare()
    assert not may_begin(world)
    # What the student had signed by then is still what the refund goes by.
    traveling.shift(timedelta(days=2))
    assert (terms(world, NOW).application_fee_cents, terms(world, NOW).signed_at) == (
        (15_000, NOW) if signed else (0, datetime(2026, 1, 5, 5, tzinfo=UTC))
    )


def test_a_refund_does_not_go_by_what_was_signed_after_the_withdrawal(world: World) -> None:
    world.whole()
    early = terms(world, NOW - timedelta(days=1))
    assert (early.assumptions, early.application_fee_cents, early.segments) == ((LATER_SIGNED,), 0, ())
    assert early.signed_at < NOW - timedelta(days=1)
    assert (terms(world, NOW).assumptions, terms(world, NOW).signed_at) == ((), NOW)


def test_a_change_of_terms_gives_no_new_time_to_cancel(
    world: World, traveling: time_machine.Traveller
) -> None:
    first = world.whole()
    assert world.agreement(first).can_be_canceled
    assert "You can cancel in writing until" in newest(world)
    traveling.shift(HOURS_72 + timedelta(hours=8))
    second = world.whole(schedule="Evenings")
    third = world.whole(schedule="Weekends")
    for number in (second, third):
        assert world.row(number).cancellation_until == NOW + HOURS_72
    assert not world.agreement(third).can_be_canceled
    assert "cancel" not in newest(world)
    with world.database.begin() as session:
        binding = queries.in_force(session, world.enrollments["maria"])
        assert binding is not None
        assert (binding.id, binding.window_from, binding.signed_at) == (third, NOW, clock.now())
        assert within(session, world.enrollments["maria"], NOW + HOURS_72, ZONE, "student")
        assert not within(session, world.enrollments["maria"], clock.now(), ZONE, "student")
        then = queries.in_force(session, world.enrollments["maria"], NOW + timedelta(hours=1))
        assert then is not None
        assert then.id == first
    assert terms(world, clock.now()).signed_at == NOW


def test_a_request_goes_by_the_agreement_that_bound_when_it_came(
    world: World, traveling: time_machine.Traveller
) -> None:
    """Received within the time to cancel, and entered after the office had made the agreement void."""
    number = world.prepare()
    world.consent(number)
    world.sign(number)
    traveling.shift(timedelta(hours=2))
    with world.database.begin() as session:
        service.void(session, world.bea, number, "The student canceled on paper")
    maria = world.enrollments["maria"]
    with world.database.begin() as session:
        hours = {
            at: within(session, maria, NOW + timedelta(hours=at), ZONE, "student") for at in (-1, 0, 1, 3)
        }
    assert hours == {-1: False, 0: True, 1: True, 3: False}


def newest(world: World) -> str:
    with world.database.begin() as session:
        return session.scalars(
            select(OutboxMessage.body_text).order_by(OutboxMessage.id.desc()).limit(1)
        ).one()


def test_a_minors_parent_is_neither_a_sponsor_nor_the_school(world: World) -> None:
    with pytest.raises(Invalid, match="under 18"):
        world.prepare("theo", **PARENT | {"cosigner_kind": "sponsor"})
    with pytest.raises(Invalid, match="works for the school"):
        world.prepare("theo", **PARENT | {"cosigner_email": world.rita.email.upper()})
    # Who came to work for the school since does not sign twice either.
    number = world.prepare(**PARENT)
    world.consent(number)
    world.sign(number)
    with world.database.begin() as session:
        secret = secret_of(session, world.settings)
        cosigners.consent(session, secret, None)
    world.cosign(secret, number)
    with pytest.raises(Forbidden, match="cosigner, so somebody else"):
        world.countersign(number, world.proved(replace(world.rita, email="pat@example.org")))


def test_a_cosigners_link_ends_after_it_was_used_too(world: World, traveling: time_machine.Traveller) -> None:
    number = world.prepare("theo", **PARENT)
    world.consent(number, world.theo)
    world.sign(number, world.theo)
    with world.database.begin() as session:
        secret = secret_of(session, world.settings)
        cosigners.consent(session, secret, None)
    world.cosign(secret, number)
    traveling.move_to(world.row(number).expires_at - timedelta(seconds=1))
    assert cosigners.content(world.database, secret, None, world.files)[0] == world.agreement(number).number
    traveling.shift(timedelta(seconds=1))
    with world.database.begin() as session:
        seen = cosigners.look(session, secret, None)
        assert (seen.state, seen.agreement) == ("signed", None)
    for act in (
        lambda: cosigners.content(world.database, secret, None, world.files),
        lambda: world.cosign(secret, number),
    ):
        with pytest.raises(Conflict, match="the link has expired since"):
            act()
    traveling.move_to(NOW)
    with world.database.begin() as session:
        session.get_one(User, world.theo.user_id).deleted_at = NOW
    with pytest.raises(NotFound):
        cosigners.content(world.database, secret, None, world.files)


@pytest.mark.parametrize("expired", [False, True])
def test_whoever_was_asked_to_sign_hears_that_it_has_ended(
    world: World, traveling: time_machine.Traveller, expired: bool
) -> None:
    number = world.prepare("theo", **PARENT)
    world.consent(number, world.theo)
    world.sign(number, world.theo)
    known = len(mails(world.database))
    traveling.move_to(world.row(number).expires_at)
    with world.database.begin() as session:
        if expired:
            service.expire(session)
        else:
            service.void(session, world.bea, number, "The start was postponed")
    sent = mails(world.database)[known:]
    assert [to for to, _ in sent] == [world.theo.email, "pat@example.org"]
    assert all(
        subject.endswith(f"enrollment agreement {world.agreement(number).number} has ended")
        for _, subject in sent
    )
    assert "There is nothing for you to sign" in newest(world)
    # Only the student had been asked.
    known = len(mails(world.database))
    other = world.prepare()
    with world.database.begin() as session:
        service.void(session, world.bea, other, "The start was postponed")
    assert [to for to, _ in mails(world.database)[known:]] == [world.maria.email] * 2
    assert "was made void: The start was postponed" in newest(world)


def test_a_number_that_a_stopped_server_left_is_given_up(
    world: World, traveling: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert may_begin(world)
    kept = world.prepare()
    assert not may_begin(world)

    def stop(*_given: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(documents, "presented", stop)
    with pytest.raises(KeyboardInterrupt):
        world.prepare("theo", **PARENT)
    with world.database.begin() as session:
        assert service.give_up_unfinished(session) == 0
    traveling.move_to(datetime(2099, 1, 1, tzinfo=UTC))
    with world.database.begin() as session:
        assert service.give_up_unfinished(session) == 1
        assert service.give_up_unfinished(session) == 0
    with world.database.begin() as session:
        rows = session.execute(
            select(IssuedDocument.status, IssuedDocument.void_reason).order_by(IssuedDocument.id)
        ).all()
        assert [tuple(row) for row in rows] == [("reserved", None), ("void", documents.UNFINISHED)]
    assert world.row(kept).status == "awaiting_student"


def test_two_windows_that_open_it_first_at_once_both_show_it(world: World) -> None:
    number = world.prepare()
    answers: list[object] = []

    def look() -> None:
        try:
            with world.database.begin() as session:
                answers.append(service.read(session, world.maria, number).number)
        except Problem as problem:
            answers.append(problem)

    other = threading.Thread(target=look)
    with world.database.begin() as session:
        shown = service.read(session, world.maria, number).number
        other.start()
        # The other one has looked by then and waits for this one's commit.
        time.sleep(0.3)
    other.join(30)
    assert answers == [shown]
    assert world.row(number).opened_at == NOW
