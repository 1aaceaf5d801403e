"""The disclosures of agreements: read, tried in a preview, saved as a new dated version."""

from datetime import date
from typing import Any

from pydantic import ValidationError
from sqlalchemy.orm import Session

from app.core import clock
from app.core.errors import FieldError, Forbidden, Invalid
from app.core.files import FileStore
from app.core.permissions import Permission, Subject
from app.documents.service import Draft
from app.finance.agreements import policy, refund_terms, terms
from app.finance.agreements.schemas import WordingForm
from app.school import service as school
from app.school.service import AgreementPolicy, PolicyKind
from app.school.service import policies as dated
from app.web.forms import sentence

__all__ = ["in_force", "preview", "save"]


def may_change(subject: Subject) -> bool:
    """Whoever changes the school’s policies."""
    return subject.may(Permission.SCHOOL_CHANGE)


def in_force(session: Session, subject: Subject) -> Any:
    """The version of today. Raises Forbidden."""
    policy.require_read_all(subject)
    return dated.at(session, PolicyKind.AGREEMENT, _today(session))


def preview(session: Session, subject: Subject, files: FileStore, values: WordingForm) -> Draft:
    """A sample agreement with this wording. Raises Forbidden, Invalid for lines that are no disclosures."""
    policy.require_read_all(subject)
    wording = _read(values)
    refund = refund_terms.on(session, _today(session)).agreed
    return terms.draft(terms.sample(refund, wording), school.letterhead(session, files), 0, 0)


def save(session: Session, subject: Subject, values: WordingForm) -> None:
    """A new version from a day on. Raises Forbidden, Invalid, Conflict as policies do."""
    if not may_change(subject):
        raise Forbidden("Only an administrator changes what agreements disclose. Nothing was saved.")
    wording = _read(values)
    dated.add(
        session,
        subject,
        PolicyKind.AGREEMENT,
        effective_from=values.effective_from,
        values=wording.model_dump(mode="json"),
        approved_by=values.approved_by,
        today=_today(session),
    )


def _read(values: WordingForm) -> AgreementPolicy:
    try:
        return AgreementPolicy.model_validate(
            {"disclosures": values.disclosures, "sign_within_days": values.sign_within_days}
        )
    except ValidationError as error:
        words = sentence(error.errors(include_url=False)[0])
        raise Invalid(words, errors=[FieldError("disclosures", words)]) from None


def _today(session: Session) -> date:
    return clock.today(school.facts(session).zone)
