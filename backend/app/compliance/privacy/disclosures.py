"""The disclosure log: who was given a student's records or asked for them, and their interest (34 CFR 99.32)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.compliance.privacy import consents, policy, queries
from app.compliance.privacy.schemas import MOST_STUDENTS, BatchFields, DisclosureFields
from app.core import history, own_rows, views
from app.core.actions import Action
from app.core.errors import FieldError, Invalid
from app.core.permissions import Actor, Permission, Subject, internal
from app.core.views import Part
from app.db.models import Disclosure, User
from app.lrs import service as record_store
from app.rules.privacy import BASES
from app.web.listing import Listing
from app.web.paging import Paging


@dataclass(frozen=True, slots=True)
class Standing:
    """Another system that receives records by itself: a target of forwarding, or the holder of an API key.

    `until` is None while it still does.
    """

    recipient: str
    records: str
    since: datetime
    until: datetime | None


@views.opens(Part.PRIVACY, student="student_id")
def log_of(session: Session, subject: Subject, student_id: int) -> Sequence[Any]:
    """A student's disclosures, the newest first: Disclosure and who recorded it. Raises NotFound for another's."""
    policy.require_read(session, subject, student_id)
    return queries.disclosures_of(session, student_id)


def list_disclosures(session: Session, subject: Actor, paging: Paging) -> Listing[Any]:
    """Every disclosure with each of its students. Sorts: made, recipient, student."""
    policy.require_list(subject)
    return queries.disclosures(session, paging, policy.visible(session, subject, User.id))


def record(
    session: Session, subject: Subject, student_id: int, values: DisclosureFields, today: date
) -> Disclosure:
    """Record that a student's records were given out, or that somebody asked for them and was refused.

    Raises Invalid for a day to come, an unknown basis and a consent that does not count that day; NotFound, Forbidden.
    """
    policy.require_manage(session, subject, student_id)
    return keep(session, subject, [student_id], values, today)


def record_batch(session: Session, subject: Subject, values: BatchFields, today: date) -> Disclosure:
    """Record one disclosure of many students, named by email address, one a line: all of them or none.

    Raises Invalid for addresses that are no student's, naming them, and what `record` raises.
    """
    policy.require_list(subject)
    policy.require_manage_some(subject)
    wanted = {
        word.strip().lower() for word in values.students.replace(",", "\n").splitlines() if word.strip()
    }
    if len(wanted) > MOST_STUDENTS:
        raise _wrong(
            "students", f"A disclosure holds {MOST_STUDENTS:,} students at most. Record it in several parts."
        )
    if values.basis == "consent":
        raise _wrong("basis", "A consent is one student’s. Record it on the page of each student.")
    found = queries.students_by_email(session, wanted, policy.visible(session, subject, User.id))
    missing = sorted(wanted - {row.email for row in found})
    if missing:
        named = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if len(missing) > 5 else "")
        raise _wrong("students", f"These addresses do not belong to students: {named}. Nothing was saved.")
    return keep(session, subject, [row.id for row in found], values, today)


@internal("the room that gives records to an authority records it in the same transaction")
def record_given(
    session: Session, subject: Actor, student_ids: Sequence[int], values: DisclosureFields
) -> Disclosure:
    """Record what an authority was given of these students, whom nobody named by address."""
    return keep(session, subject, student_ids, values, values.made_on)


@internal("whom a document names that was recorded so; who may open it is asked there")
def students_given(session: Session, records: str, around: date) -> Sequence[int]:
    """The students of whom exactly these records were given out on a day, or the day before or after it."""
    day = timedelta(days=1)
    return queries.students_given(session, records, around - day, around + day)


@internal("a step of what was allowed before: recording a disclosure, giving out a transcript")
def keep(
    session: Session, subject: Actor, students: Sequence[int], values: DisclosureFields, today: date
) -> Disclosure:
    """Record one disclosure of these students. Raises Invalid."""
    if values.basis not in BASES:
        raise _wrong("basis", "Choose one of the grounds.")
    if values.made_on > today:
        raise _wrong("made_on", "This day is in the future.")
    consent_id = values.consent_id if values.basis == "consent" else None
    if values.basis == "consent":
        if consent_id is None:
            raise _wrong("consent_id", "Choose the consent that it rests on.")
        consents.require_counts(session, students[0], consent_id, values.made_on)
    row = Disclosure(
        made_on=values.made_on,
        recipient=values.recipient,
        interest=values.interest,
        records=values.records,
        basis=values.basis,
        refused=values.refused,
        consent_id=consent_id,
        recorded_by=subject.user_id,
    )
    queries.disclose(session, row, students)
    history.record_all(
        session,
        subject,
        Action.DISCLOSURE_RECORDED,
        [
            {
                "target_id": row.id,
                "student_id": student_id,
                "recipient": row.recipient,
                "basis": row.basis,
                "students": len(students),
                "refused": row.refused,
            }
            for student_id in students
        ],
    )
    return row


# Systems that receive records by themselves

_STARTS = {
    Action.XAPI_FORWARDER_CREATED.value: ("xapi_forwarders", "Learning records, as they are recorded"),
    Action.XAPI_FORWARDER_STARTED.value: ("xapi_forwarders", "Learning records, as they are recorded"),
    Action.XAPI_CREDENTIAL_CREATED.value: ("xapi_credentials", "Learning records, on request"),
    Action.API_TOKEN_CREATED.value: ("api_tokens", "Student records, on request"),
}
_ENDS = {
    Action.XAPI_FORWARDER_STOPPED.value: "xapi_forwarders",
    Action.XAPI_FORWARDER_DELETED.value: "xapi_forwarders",
    Action.XAPI_CREDENTIAL_REVOKED.value: "xapi_credentials",
    Action.API_TOKEN_REVOKED.value: "api_tokens",
}
_READS_STUDENTS = frozenset(
    {"all"} | {str(one.value) for one in Permission if one.value.endswith((".read_all", ".read"))}
) - {"academics.read", "content.read", "operations.read", "school.read", "security.read"}
_READS_NOTHING = frozenset({"statements/write", "state", "profile", "define"})


def standing_for(session: Session, subject: Subject, student_id: int) -> list[Standing]:
    """Systems that could receive this student's records by themselves, from the history: nobody has to note them.

    Targets of forwarding and keys for learning records are named where the student has learning records from that
    time or before. Raises NotFound for another's.
    """
    policy.require_read(session, subject, student_id)
    with own_rows.beyond(session, "which systems receive records stands in the history of the office"):
        first, standing = record_store.first_stored(session, student_id), _standing(session)
    return [
        one
        for one in standing
        if not one.records.startswith("Learning")
        or (first is not None and (one.until is None or first <= one.until))
    ]


def _standing(session: Session) -> list[Standing]:
    running: dict[tuple[str, str], Standing] = {}
    over: list[Standing] = []
    names: dict[tuple[str, str], str] = {}
    for row in queries.standing(session):
        details = row.details
        if row.action in _STARTS:
            table, what = _STARTS[row.action]
            key = (table, row.target_id)
            scopes = set(details.get("scopes") or ())
            if table != "xapi_forwarders" and scopes and scopes <= _READS_NOTHING:
                continue
            if table == "api_tokens" and not any(scope in _READS_STUDENTS for scope in scopes):
                continue
            names[key] = str(
                details.get("label") or details.get("name") or names.get(key) or "Another system"
            )
            running.setdefault(key, Standing(names[key], what, row.at, None))
        else:
            ended = running.pop((_ENDS[row.action], row.target_id), None)
            if ended is not None:
                over.append(Standing(ended.recipient, ended.records, ended.since, row.at))
    return sorted([*running.values(), *over], key=lambda one: one.since, reverse=True)


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError(field, sentence)])
