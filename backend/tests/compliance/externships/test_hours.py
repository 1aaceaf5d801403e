"""Hours as students log them."""

from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.compliance.externships.hours import service
from app.compliance.externships.hours.schemas import HoursFields, HoursForm
from app.compliance.externships.placements import service as placements
from app.core.errors import Conflict, NotFound, Problem
from app.core.permissions import SYSTEM
from app.db.models import AuditEntry, ExternshipAgreement, ExternshipHours
from app.school.service import PolicyKind, policies
from tests.compliance.externships.conftest import NOW
from tests.factories import externships as factory
from tests.factories.externships import FIRST, ZONE, Placed, placed
from tests.factories.school import School, subject_of

DAY = date(2026, 5, 4)


def hours(**fields: Any) -> HoursFields:
    given = {"day": DAY, "starts_at": time(9), "ends_at": time(17), "break_minutes": 30, "did": "Chairside"}
    return HoursFields(**(given | fields))


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(ExternshipHours)) or 0


def test_a_day_is_logged_once_however_often_the_form_is_sent(extern: Placed, session: Session) -> None:
    request = uuid4()
    entries = {service.log(session, extern.own, extern.id, hours(), ZONE, request).id for _ in range(3)}
    assert len(entries) == count(session) == 1
    form = HoursForm.model_validate(
        {**hours().model_dump(mode="json"), "latitude": "", "request": str(request)}
    )
    assert service.log(session, extern.own, extern.id, form, ZONE, form.request).id in entries
    (entry,) = session.scalars(select(ExternshipHours))
    assert (entry.minutes, entry.state, entry.revision) == (450, "logged", 1)
    assert extern.row().total_hours == 0
    actions = session.scalars(select(AuditEntry.action).where(AuditEntry.target == "externship_hours")).all()
    assert actions == ["externship_hours.logged"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"day": date(2026, 5, 7)}, "starts_at"),
        ({"day": date(2026, 5, 6), "ends_at": time(23)}, "ends_at"),
        ({"day": FIRST - timedelta(days=1)}, "day"),
        ({"day": date(2026, 5, 30)}, "day"),
        ({"next_day": True, "starts_at": time(9), "ends_at": time(9, 1)}, "ends_at"),
        ({"ends_at": time(9)}, "ends_at"),
        ({"ends_at": time(5)}, "ends_at"),
        ({"break_minutes": 480}, "break_minutes"),
        ({"starts_at": time(12), "ends_at": time(13)}, "starts_at"),
    ],
)
def test_hours_that_cannot_be_are_refused_and_nothing_is_saved(
    extern: Placed, session: Session, fields: dict[str, Any], field: str
) -> None:
    extern.logged(DAY)
    with pytest.raises((Problem, IntegrityError)) as refused, session.begin_nested():
        service.log(session, extern.own, extern.id, hours(**fields), ZONE)
    if isinstance(refused.value, Problem):
        assert refused.value.errors[0].field == field
        assert refused.value.detail.endswith(".")
    else:
        assert "ex_externship_hours_overlap" in str(refused.value)
    assert count(session) == 1


def test_hours_of_two_sites_do_not_overlap_either(extern: Placed, session: Session) -> None:
    from tests.factories import externships as factory

    other = factory.placement(
        session, extern.enrollment, factory.supervisor(session, factory.site(session)), hours_required=10
    )
    service.log(session, extern.own, extern.id, hours(), ZONE)
    with pytest.raises(IntegrityError, match="ex_externship_hours_overlap"):
        service.log(session, extern.own, other.id, hours(starts_at=time(16), ends_at=time(18)), ZONE)


@pytest.mark.parametrize("why", ["no agreement", "expired", "not begun"])
def test_a_site_without_an_agreement_on_that_day_takes_no_hours(
    extern: Placed, session: Session, why: str
) -> None:
    agreement = session.scalars(select(ExternshipAgreement)).one()
    if why == "no agreement":
        agreement.site_id = factory.site(session, agreement=None).id
    elif why == "expired":
        agreement.expires_on = DAY - timedelta(days=1)
    else:
        agreement.signed_on = DAY + timedelta(days=1)
    with pytest.raises(Conflict, match="no hours and no new placement"):
        service.log(session, extern.own, extern.id, hours(), ZONE)
    assert count(session) == 0


def test_hours_are_the_students_alone_and_theirs_until_they_are_confirmed(
    extern: Placed, session: Session
) -> None:
    entry = extern.logged(DAY)
    _, link = extern.link(DAY)
    other = subject_of(School(session).student())
    for stranger in (other, extern.registrar):
        with pytest.raises(NotFound):
            service.change(session, stranger, entry.id, hours(), ZONE)
    changed = service.change(session, extern.own, entry.id, hours(did="Sterilizing"), ZONE)
    assert (changed.did, changed.revision, changed.minutes) == ("Sterilizing", 2, 450)
    changed.state, changed.dispute, changed.link_id = "disputed", "You left at noon", link.id
    session.flush()
    changed = service.change(session, extern.own, entry.id, hours(ends_at=time(12)), ZONE)
    assert (changed.state, changed.dispute, changed.link_id, changed.revision) == ("logged", None, None, 3)
    changed.state, changed.link_id = "confirmed", link.id
    session.flush()
    for act in (
        lambda: service.change(session, extern.own, entry.id, hours(), ZONE),
        lambda: service.remove(session, extern.own, entry.id),
        lambda: service.get_hours(session, extern.own, entry.id),
    ):
        with pytest.raises(Conflict, match="confirmed this day"):
            act()
    assert extern.row().total_hours == 2


def test_where_the_student_is_is_kept_only_where_the_policy_asks(extern: Placed, session: Session) -> None:
    here = {"latitude": Decimal("33.75"), "longitude": Decimal("-84.39")}
    entry = service.log(session, extern.own, extern.id, hours(**here), ZONE)
    assert (entry.latitude, entry.longitude) == (None, None)
    policies.add(
        session, SYSTEM, PolicyKind.EXTERNSHIP, effective_from=NOW.date() + timedelta(days=1),
        values={"location": "asked"}, approved_by="Board", today=NOW.date(),
    )  # fmt: skip
    assert not service.asks_location(session, extern.own, NOW.date())
    assert service.asks_location(session, extern.own, NOW.date() + timedelta(days=1))


def test_a_class_at_the_same_time_is_shown(extern: Placed, session: Session) -> None:
    School(session).school_class(
        code="DA-M", students=[extern.enrollment], weekly=[(DAY.weekday(), time(8), time(10))]
    )
    apart, at_once = extern.logged(DAY, hour=10), extern.logged(DAY, hour=9, minutes=59)
    found = placements.read_externship(session, extern.registrar, extern.id, ZONE)
    assert set(found.clashes) == {at_once.id}
    assert apart.id not in found.clashes
    assert found.clashes[at_once.id].startswith("May 4, 2026, 8:00")
    assert any("overlap a class" in sentence for sentence in found.warnings)


def test_an_ended_enrollment_takes_no_hours(extern: Placed, session: Session) -> None:
    extern.enrollment.status = "withdrawn"
    session.flush()
    with pytest.raises(Problem, match="withdrawn"):
        service.log(session, extern.own, extern.id, hours(), ZONE)
    assert placed(session).row().total_hours == 0
