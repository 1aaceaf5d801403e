"""Sites, agreements, supervisors, and who fits where."""

import threading
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.compliance.externships.placements import service as placements
from app.compliance.externships.placements.schemas import PlacementFields, PlacementForm
from app.compliance.externships.sites import service
from app.compliance.externships.sites.schemas import Agreement, AgreementEndForm, SupervisorForm
from app.core.errors import Conflict, Invalid, Problem
from app.core.files import open_store
from app.core.permissions import Duty, Subject
from app.db.models import (
    ExternshipAgreement,
    ExternshipPlacement,
    FileClaim,
    OutboxMessage,
)
from app.db.session import Database
from app.rules.externships import site_standing
from app.settings import Settings
from app.web.paging import Paging
from tests.factories import externships as factory
from tests.factories.externships import FIRST, LAST, PAPER, Placed, placed
from tests.factories.school import School

TODAY = date(2026, 5, 6)


def form(enrollment_id: int, supervisor_id: int, first: date = FIRST, last: date = LAST) -> PlacementForm:
    return PlacementForm(
        enrollment_id=enrollment_id,
        supervisor_id=supervisor_id,
        starts_on=first,
        ends_on=last,
        hours_required=80,
    )


def test_the_list_says_of_each_site_what_the_rule_says(extern: Placed, session: Session) -> None:
    for signed, expires, ended in (
        (-300, -1, None), (-300, 0, None), (-300, 60, None), (-300, 61, None), (1, 90, None), (-300, 200, -1),
    ):  # fmt: skip
        made = factory.site(
            session, agreement=(TODAY + timedelta(days=signed), TODAY + timedelta(days=expires))
        )
        if ended is not None:
            session.scalars(
                select(ExternshipAgreement).where(ExternshipAgreement.site_id == made.id)
            ).one().ended_on = TODAY + timedelta(days=ended)
    factory.site(session, agreement=None)
    session.flush()
    page = service.list_sites(session, extern.registrar, Paging(per_page=50), TODAY).page()
    assert page.total == 8
    assert {row.id: row.standing for row in page.items} == {
        row.id: site_standing(service.agreements_of(session, row.id), TODAY) for row in page.items
    }
    assert {row.standing for row in page.items} == {"approved", "expiring", "expired", "unapproved"}
    assert service.count_ending(session, extern.registrar, TODAY) == 4


def test_an_agreement_is_kept_permanently_and_reminded_of_once(
    extern: Placed, session: Session, settings: Settings
) -> None:
    made = factory.site(session, agreement=None)
    record = service.add_agreement(
        session,
        extern.registrar,
        open_store(settings),
        made.id,
        Agreement(signed_on=TODAY, expires_on=TODAY + timedelta(days=61)),
        PAPER,
        TODAY,
    )
    claim = session.scalars(select(FileClaim).where(FileClaim.sha256 == record.sha256)).one()
    assert claim.retention == "permanent"
    assert service.remind(session, settings, TODAY) == 0
    sent = [service.remind(session, settings, TODAY + timedelta(days=days)) for days in (1, 2, 31, 60, 61)]
    assert sent == [1, 0, 1, 1, 0]
    mails = session.scalars(select(OutboxMessage.to_address).where(OutboxMessage.subject.contains(made.name)))
    assert set(mails) == {extern.registrar.email}


@pytest.mark.parametrize(
    "why", ["unapproved", "expired", "ended early", "archived", "staff", "full", "own email"]
)
def test_nobody_is_placed_where_it_cannot_be(extern: Placed, session: Session, why: str) -> None:
    school = School(session)
    agreement = {
        "unapproved": None,
        "expired": (date(2025, 1, 1), FIRST - timedelta(days=1)),
    }.get(why, (date(2026, 1, 1), date(2026, 12, 31)))
    made = factory.site(session, agreement=agreement, capacity=1)
    overseer = factory.supervisor(session, made)
    enrollment = school.enrollment(school.student())
    if why == "ended early":
        found = service.read_site(session, extern.registrar, made.id, TODAY).agreements[0]
        service.end_agreement(
            session, extern.registrar, found.id, AgreementEndForm(ended_on=date(2026, 4, 1), reason="Sold")
        )
    elif why == "archived":
        service.archive_site(session, extern.registrar, made.id)
    elif why == "staff":
        overseer.email = school.instructor(email="teach@example.org").email
    elif why == "own email":
        overseer.email = enrollment.user.email
    elif why == "full":
        factory.placement(
            session, school.enrollment(school.student()), overseer, starts_on=LAST, ends_on=LAST
        )
    session.flush()
    with pytest.raises(Problem) as refused:
        placements.place(session, extern.registrar, form(enrollment.id, overseer.id))
    assert refused.value.errors[0].field == "supervisor_id"
    assert refused.value.detail.count(".") >= 1
    assert session.scalars(select(ExternshipPlacement).where(ExternshipPlacement.site_id == made.id)).all() == (
        [] if why != "full" else session.scalars(
            select(ExternshipPlacement).where(ExternshipPlacement.starts_on == LAST)).all()
    )  # fmt: skip


def test_a_supervisor_is_never_the_schools_own_staff(extern: Placed, session: Session) -> None:
    School(session).instructor(email="tess@example.org")
    values = SupervisorForm(name="Tess", title="RDA", email="Tess@Example.org")
    with pytest.raises(Invalid, match="not an instructor"):
        service.save_supervisor(session, extern.registrar, extern.site.id, values)


def test_a_placement_cannot_leave_logged_days_outside(extern: Placed, session: Session) -> None:
    extern.logged(date(2026, 5, 4))
    kept = PlacementFields(
        supervisor_id=extern.supervisor.id, starts_on=date(2026, 5, 5), ends_on=LAST, hours_required=80
    )
    with pytest.raises(Invalid, match="May 4, 2026"):
        placements.change(session, extern.registrar, extern.id, kept)
    with pytest.raises(Conflict, match="placed at"):
        placements.place(session, extern.registrar, form(extern.enrollment.id, extern.supervisor.id))


def test_of_two_who_fill_the_last_place_at_once_one_is_refused(live_database: Database) -> None:
    with live_database.begin() as session:
        there = placed(session)
        school = School(session)
        there.site.capacity = 2
        enrollments = [school.enrollment(school.student()).id for _ in range(4)]
        chosen, staff = there.supervisor.id, there.registrar
    answers: list[str] = []
    gate = threading.Barrier(4)

    def work(enrollment_id: int) -> None:
        gate.wait()
        try:
            with live_database.begin() as session:
                placements.place(session, staff, form(enrollment_id, chosen))
            answers.append("placed")
        except Conflict as problem:
            answers.append(problem.detail)

    threads = [threading.Thread(target=work, args=(number,)) for number in enrollments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(answer == "placed" for answer in answers) == [False, False, False, True]
    assert all("takes 2 students at once" in answer for answer in answers if answer != "placed")


def test_who_was_a_student_here_may_supervise_and_may_not_verify_their_own(
    extern: Placed, session: Session
) -> None:
    graduate = School(session).student(email="grad@example.org")
    values = SupervisorForm(name="Gia Grad", title="CDA", email=graduate.email)
    assert service.save_supervisor(session, extern.registrar, extern.site.id, values).id
    own = Subject(
        extern.student.id,
        extern.student.email,
        "Ana",
        extern.registrar.role,
        duties=frozenset({Duty.REGISTRAR}),
    )
    with pytest.raises(Problem, match="your own externship"):
        placements.change(
            session,
            own,
            extern.id,
            PlacementFields(
                supervisor_id=extern.supervisor.id, starts_on=FIRST, ends_on=LAST, hours_required=1
            ),
        )
