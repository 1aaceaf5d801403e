"""Transcripts that are given out, as lines of the disclosure log: the transcripts' room asks for them.

With a request the consent came along: it is kept as a consent of its own, used up by this one delivery.
"""

from collections.abc import Sequence
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.compliance.privacy import consents, disclosures, queries
from app.compliance.privacy.schemas import DisclosureFields
from app.compliance.transcripts.service import Given
from app.core import clock
from app.core.errors import FieldError, Invalid
from app.core.permissions import Actor, internal
from app.rules.privacy import BASES
from app.school import service as school

_CONSENT = "consent"


@internal("a step of a delivery that was allowed before")
def write(session: Session, subject: Actor, given: Given) -> None:
    """Record one delivery today. Raises Invalid for an unknown basis and a consent that does not count today."""
    zone = school.facts(session).zone
    today = clock.today(zone)
    basis = given.why.ground
    consent_id = _consent(session, subject, given, zone, today) if basis == _CONSENT else None
    disclosures.keep(
        session,
        subject,
        [given.student_id],
        DisclosureFields(
            made_on=today,
            recipient=given.recipient,
            interest=given.why.purpose,
            records=given.records,
            basis=basis,
            consent_id=consent_id,
        ),
        today,
    )


@internal("a list to choose from, for whoever may share")
def grounds(session: Session, student_id: int) -> Sequence[tuple[str, str]]:
    """The student's consents that count today, and the other grounds, as (value, label)."""
    today = clock.today(school.facts(session).zone)
    counting = [
        (f"{_CONSENT}-{one.id}", f"Consent no. {one.id}, to {one.recipient}")
        for one in queries.consents_of(session, student_id)
        if consents.counts(one, today)
    ]
    return counting + [(one.name, one.label) for one in BASES.values() if one.name != _CONSENT]


def _consent(session: Session, subject: Actor, given: Given, zone: ZoneInfo, today: date) -> int:
    agreed = given.agreed
    if agreed is not None:
        return consents.keep_agreed(
            session,
            subject,
            given.student_id,
            records=given.records,
            purpose=given.why.purpose,
            recipient=given.recipient,
            agreed_at=agreed.at,
            zone=zone,
            today=today,
        ).id
    try:
        return consents.require_counts(session, given.student_id, given.why.consent_id or 0, today).id
    except Invalid as error:
        raise Invalid(error.detail, errors=[FieldError("basis", error.detail)]) from None
