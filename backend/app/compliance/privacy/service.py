"""The door to what FERPA asks for: what other rooms, desks and commands may ask."""

from app.compliance.privacy import deliveries, queries
from app.compliance.privacy import queue as _queue  # noqa: F401 - what waits is in the queue
from app.compliance.privacy.access import (
    answer_inspected,
    answer_with_copy,
    ask_access,
    export_file,
    list_requests,
    read_copy,
    read_request,
    requests_of,
    withdraw_request,
)
from app.compliance.privacy.amendments import (
    amendments_of,
    ask_amendment,
    ask_hearing,
    attach_statement,
    decide_amendment,
    decide_hearing,
    read_amendment,
    statements_by_student,
    statements_of,
)
from app.compliance.privacy.archive import Archive, Written, write_into
from app.compliance.privacy.consents import consents_of, enter, give, read_paper, require_counts, withdraw
from app.compliance.privacy.directory import is_hidden, list_directory, set_hidden
from app.compliance.privacy.disclosures import (
    list_disclosures,
    log_of,
    record,
    record_batch,
    record_given,
    standing_for,
    students_given,
)
from app.compliance.privacy.policy import may_list, may_manage
from app.compliance.privacy.schemas import DisclosureFields
from app.compliance.transcripts import service as transcripts
from app.core import retention
from app.core.directory import may_publish

__all__ = [
    "Archive",
    "DisclosureFields",
    "Written",
    "amendments_of",
    "answer_inspected",
    "answer_with_copy",
    "ask_access",
    "ask_amendment",
    "ask_hearing",
    "attach_statement",
    "consents_of",
    "decide_amendment",
    "decide_hearing",
    "enter",
    "export_file",
    "give",
    "is_hidden",
    "list_directory",
    "list_disclosures",
    "list_requests",
    "log_of",
    "may_list",
    "may_manage",
    "read_amendment",
    "read_copy",
    "read_paper",
    "read_request",
    "record",
    "record_batch",
    "record_given",
    "requests_of",
    "require_counts",
    "set_hidden",
    "standing_for",
    "statements_by_student",
    "statements_of",
    "students_given",
    "withdraw",
    "withdraw_request",
    "write_into",
]

transcripts.register_privacy(
    "directory information", lambda session, student_id: not may_publish(session, student_id)
)
transcripts.register_statements("privacy", statements_by_student)
transcripts.register_log("privacy", transcripts.Log(deliveries.write, deliveries.grounds))
retention.register_hold("Requests to see records", queries.held_students)
