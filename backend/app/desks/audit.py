"""The history in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.compliance.complaints import service as complaints
from app.core import visibility
from app.core.actions import Action
from app.core.permissions import Subject
from app.core.visibility import Records
from app.db.models import AuditEntry
from app.desks import policy, queries
from app.desks.queries import TrailFilter
from app.documents import service as documents
from app.web import formats
from app.web.listing import Listing
from app.web.paging import Paging

LEARNING = (
    "attendance",
    "enrollments",
    "lesson_completions",
    "lessons",
    "modules",
    "programs",
    "content_packages",
)
"""Tables whose changes all of the staff may follow; accounts and mail are the administrators'."""

_RECORDS = {
    "access_requests": "Access request",
    "amendment_requests": "Amendment request",
    "closure_archives": "Closure archive",
    "complaints": "Complaint",
    "consents": "Consent",
    "directory_opt_outs": "Directory opt-out",
    "disclosures": "Disclosure",
    "admission_documents": "Admission document",
    "admission_kinds": "Kind of admission document",
    "applications": "Application",
    "agreement_links": "Cosigner’s link",
    "enrollment_agreements": "Enrollment agreement",
    "program_fees": "Fee of a program",
    "externship_agreements": "Externship agreement",
    "externship_hours": "Externship hours",
    "externship_links": "Supervisor’s link",
    "externship_rubrics": "Externship rubric",
    "externship_sites": "Externship site",
    "externship_supervisors": "Externship supervisor",
    "externships": "Externship",
    "final_grades": "Final grade",
    "former_names": "Change of name",
    "grade_books": "Grade book",
    "grade_changes": "Grade change",
    "grade_scores": "Score",
    "progress_appeals": "Appeal",
    "assignments": "Assignment",
    "hand_in_grades": "Grade of an assignment",
    "hand_ins": "Hand-in",
    "skill_attempts": "Skill attempt",
    "skills": "Skill",
    "progress_reviews": "Progress review",
    "stored_files": "File",
    "name_requests": "Name request",
    "student_fields": "Student file field",
    "student_identifiers": "Identifier",
    "student_notes": "Note",
    "student_profiles": "Student file",
    "api_tokens": "API token",
    "absence_requests": "Reported absence",
    "attendance": "Attendance record",
    "attendance_closings": "Closed period",
    "attendance_corrections": "Correction of hours",
    "attendance_days": "Attendance totals",
    "audit_log": "History entry",
    "class_attendance": "Roster mark",
    "classes": "Class",
    "content_packages": "Course package",
    "credential_types": "Type of credential",
    "credentials": "Credential",
    "data_imports": "Import",
    "employment_outcomes": "Employment outcome",
    "enrollments": "Enrollment",
    "factor_resets": "Second factor reset",
    "files": "File",
    "issued_documents": "Document",
    "inspection_packets": "Inspection",
    "installation": "Installation",
    "kiosk_cards": "Kiosk card",
    "kiosk_pins": "Kiosk PIN",
    "kiosk_punches": "Punch at a kiosk",
    "kiosks": "Kiosk",
    "launches": "Lesson session",
    "ledger_balances": "Ledger balances",
    "ledger_closings": "Closed day",
    "ledger_payers": "Payer",
    "ledger_transactions": "Ledger transaction",
    "refunds": "Refund",
    "lesson_completions": "Lesson completion",
    "lesson_media": "File of a lesson",
    "lesson_moves": "Move to another version",
    "lesson_texts": "Text of a lesson",
    "lessons": "Lesson",
    "question_versions": "Version of a question",
    "questions": "Question",
    "quiz_accommodations": "Quiz accommodation",
    "quiz_attempts": "Quiz attempt",
    "modules": "Module",
    "outbox_messages": "Email",
    "passkeys": "Passkey",
    "payment_events": "Message about an online payment",
    "payment_plans": "Payment plan",
    "programs": "Program",
    "purge_runs": "Purge",
    "reports": "List",
    "requests": "Request",
    "school": "School",
    "scorm_data": "Attempt at a lesson",
    "school_policies": "Policy",
    "school_signatories": "Signatory",
    "signing_keys": "Signing key",
    "transcript_batches": "Batch of transcripts",
    "transcript_deliveries": "Transcript delivery",
    "transcript_holds": "Transcript hold",
    "transcript_requests": "Transcript request",
    "transcripts": "Transcript",
    "user_sessions": "Sign-in session",
    "users": "Person",
    "withdrawals": "Withdrawal",
    "leaves_of_absence": "Leave of absence",
    "xapi_credentials": "LRS API key",
    "xapi_forwarders": "Forwarding target",
    "xapi_imports": "Statement import",
    "xapi_rollup_state": "Sums of statements",
    "xapi_statements": "Statements",
}
_ICONS = {
    "attendance": "clock",
    "enrollments": "school",
    "credentials": "award",
    "lesson_completions": "circle-check",
    "launches": "book",
    "users": "user",
    "user_sessions": "login",
    "content_packages": "package",
    "programs": "books",
    "modules": "books",
    "lessons": "book",
    "xapi_credentials": "key",
    "xapi_forwarders": "send",
}
_TONES = {"clock_out_missing": "warn", "completed": "good", "withdrawn": "warn", "deleted": "bad"}
# Why somebody leaves, or takes another name, can be a matter of health, money or family. Administrators read it in the
# history itself.
_PRIVATE = {
    Action.APPLICATION_CHANGED.value,
    Action.ADMISSION_DOCUMENT_CHECKED.value,
    Action.ENROLLMENT_WITHDRAWN.value,
    Action.IDENTIFIER_REVEALED.value,
    Action.LEAVE_APPROVED.value,
    Action.LEAVE_DECLINED.value,
    Action.LEAVE_EXTENDED.value,
    Action.LEAVE_RECORDED.value,
    Action.LEAVE_REQUESTED.value,
    Action.NAME_CHANGED.value,
    Action.NAME_REQUESTED.value,
    Action.NAME_REQUEST_DECLINED.value,
    Action.WITHDRAWAL_CANCELED.value,
    Action.WITHDRAWAL_NOTICED.value,
    Action.WITHDRAWAL_PROCESSED.value,
    Action.WITHDRAWAL_RECORDED.value,
    Action.WITHDRAWAL_REQUESTED.value,
}


@dataclass(frozen=True, slots=True)
class Event:
    """One entry of the history as a timeline shows it."""

    at: datetime
    title: str
    text: str
    icon: str
    tone: str


def title(action: str) -> str:
    """`attendance.corrected` as `Hours corrected`; an action of an older release spelled out."""
    try:
        return Action(action).sentence  # type: ignore[call-arg]
    except ValueError:
        return action.replace(".", " ").replace("_", " ").capitalize()


def record_name(target: str, target_id: str | None = None) -> str:
    """`user_sessions` and `6` as `Sign-in session 6`; of an identifier longer than a number, the beginning."""
    name = _RECORDS.get(target, target.replace("_", " ").capitalize())
    if not target_id:
        return name
    return f"{name} {target_id if len(target_id) <= 10 else target_id[:8] + '…'}"


def student_names(session: Session, entries: Iterable[AuditEntry]) -> dict[int, str]:
    """Names of the students whom entries concern, by number: one query."""
    numbers = {entry.student_id for entry in entries if entry.student_id is not None}
    return {number: user.full_name for number, user in accounts.people_by_id(session, numbers).items()}


def about_student(session: Session, subject: Subject, user_id: int, *, limit: int = 40) -> list[Event]:
    """What happened to a student, the last first: one query. Nothing of documents that this person must not find."""
    found = queries.entries_about(session, user_id, limit, documents.visible(subject))
    return [_event(entry, {}, aside=user_id) for entry in found]


def recent(session: Session, subject: Subject, *, limit: int = 12) -> list[Event]:
    """What happened at the school lately, to students whom the person may see: two queries."""
    visible = visibility.students(session, subject, Records.STUDENTS)
    entries = queries.recent_entries(session, LEARNING, visible, limit)
    names = student_names(session, entries)
    return [_event(entry, names) for entry in entries]


def listing(
    session: Session, subject: Subject, wanted: TrailFilter, paging: Paging, zone: ZoneInfo
) -> Listing[AuditEntry]:
    """The whole history, but for complaints about oneself. Search words are names of people or what was done.

    Raises Forbidden.
    """
    policy.require_read_trail(subject)
    meant = [
        queries.Meant(_actions_named(word), accounts.numbers_of_people_named(session, word))
        for word in paging.q.split()
    ]
    hidden = complaints.hidden_history(session, subject)
    return queries.audit_listing(session, wanted, meant, paging, zone, hidden)


def actions(_session: Session, subject: Subject) -> list[tuple[str, str]]:
    """Everything that can happen, with the sentence it is shown by, in the order of the sentences."""
    policy.require_read_trail(subject)
    return sorted(((action.value, action.sentence) for action in Action), key=lambda pair: pair[1])


def _actions_named(word: str) -> list[str]:
    folded = word.casefold()
    return [
        action.value
        for action in Action
        if any(folded in text.casefold() for text in (action.sentence, action.value, action.target))
    ]


def _event(entry: AuditEntry, names: Mapping[int, str], *, aside: int | None = None) -> Event:
    whom = names.get(entry.student_id or 0)
    parts = []
    if whom and whom != entry.actor_name:
        parts.append(whom)
    if entry.actor_id is None:
        parts.append("by the system")
    elif entry.actor_id != aside:
        parts.append(f"by {entry.actor_name}" if parts or aside is not None else f"{entry.actor_name}")
    return Event(
        at=entry.occurred_at,
        title=title(entry.action),
        text=" ".join([*parts, *_particulars(entry)]),
        icon=_ICONS.get(entry.target, "circle"),
        tone=_TONES.get(entry.action.partition(".")[2], "neutral"),
    )


def _particulars(entry: AuditEntry) -> Iterable[str]:
    """What is worth reading of an entry without opening it."""
    details = entry.details
    if isinstance(minutes := details.get("total_minutes"), int):
        yield f"({formats.duration_minutes(minutes)})"
    progress = details.get("progress_pct")
    if isinstance(progress, list) and len(progress) == 2:
        yield f"(progress {progress[0]}% to {progress[1]}%)"
    before, after = details.get("before"), details.get("after")
    if isinstance(before, dict) and isinstance(after, dict):
        old, new = before.get("total_minutes"), after.get("total_minutes")
        if isinstance(new, int):
            yield f"({formats.duration_minutes(old)} to {formats.duration_minutes(new)})"
    if entry.reason and entry.action not in _PRIVATE:
        yield f"– {entry.reason}"
