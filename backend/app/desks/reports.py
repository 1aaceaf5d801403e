"""The audit trail and the outbox, described."""

from typing import Any

from app.db.models import AuditEntry
from app.desks import audit
from app.desks.disclosures import Seen
from app.desks.outbox import Message
from app.desks.security import SecurityEvent
from app.web.reports import Column, Filter, Grouping, Kind, Report

AUDIT = Report[AuditEntry](
    name="audit",
    title="Audit",
    columns=(
        Column("id", "Number", lambda item: item.id, Kind.NUMBER, on_page=False),
        Column("at", "When", lambda item: item.at, Kind.MOMENT, sort="at"),
        Column("occurred_at", "Happened", lambda item: item.occurred_at, Kind.MOMENT, on_page=False),
        Column("who_id", "Who (number)", lambda item: item.actor_id, Kind.NUMBER, on_page=False),
        Column("who", "Who", lambda item: item.actor_name or "The system", sort="who"),
        Column("what", "What", lambda item: audit.title(item.action), sort="what"),
        Column("action", "Action", lambda item: item.action, on_page=False),
        Column("record", "Record", lambda item: item.target),
        Column("record_id", "Record number", lambda item: item.target_id, on_page=False),
        Column("student_id", "Student (number)", lambda item: item.student_id, Kind.NUMBER, on_page=False),
        Column("enrollment_id", "Enrollment", lambda item: item.enrollment_id, Kind.NUMBER, on_page=False),
        Column("reason", "Reason", lambda item: item.reason, on_page=False),
        Column("details", "Details", lambda item: item.details),
        Column("purpose", "Purpose", lambda item: item.purpose, on_page=False),
        Column("duty", "Duty", lambda item: item.actor_duty, on_page=False),
        Column("ip", "Address", lambda item: item.ip, on_page=False),
        Column("request_id", "Request", lambda item: item.request_id, on_page=False),
    ),
    search="Search by name or action",
    filters=(
        Filter("action", "What", everything="Everything"),
        Filter(
            "views",
            "Views of records",
            (("with", "With views of records"), ("only", "Only who looked")),
            everything="Without views of records",
        ),
        Filter("from", "From", is_day=True),
        Filter("to", "To", is_day=True),
        Filter("who", "Who", hidden=True),
        Filter("target", "Record", hidden=True),
        Filter("target_id", "Record number", hidden=True),
        Filter("student", "Student (number)", hidden=True),
        Filter("enrollment", "Enrollment", hidden=True),
    ),
    groupings=(
        Grouping("what", "Action", lambda columns, _zone: columns.action, named=audit.title),
        Grouping("who", "Person", lambda columns, _zone: columns.actor_name),
    ),
    counted="Entries",
)
SECURITY = Report[SecurityEvent](
    name="security",
    title="Security",
    columns=(
        Column("id", "Number", lambda item: item.id, Kind.NUMBER, on_page=False),
        Column("at", "When", lambda item: item.at, Kind.MOMENT, sort="at"),
        Column("what", "What", lambda item: item.what, sort="what"),
        Column("who", "Who", lambda item: item.who),
        Column("where", "Address", lambda item: item.where, sort="where"),
        Column("text", "Details", lambda item: item.text),
        Column("times", "Times", lambda item: item.times, Kind.NUMBER),
    ),
    search="Search by name or network address",
    filters=(
        Filter("kind", "Kind", everything="Every kind"),
        Filter("from", "From", is_day=True),
        Filter("to", "To", is_day=True),
        Filter("address", "Address", hidden=True),
    ),
    counted="Events",
)
VIEWS = Report[Seen](
    name="who-has-seen-my-records",
    title="Who has seen your records",
    columns=(
        Column("at", "When", lambda item: item.at, Kind.MOMENT, sort="at"),
        Column("who", "Who", lambda item: item.who, sort="who"),
        Column("duty", "Duty", lambda item: item.duty),
        Column("purpose", "Purpose", lambda item: item.purpose),
        Column("what", "What", lambda item: item.what),
    ),
    search="Search by name",
    counted="Views",
    names_people=False,
)
OUTBOX = Report[Message](
    name="outbox",
    title="Outbox",
    columns=(
        Column("id", "Number", lambda item: item.id, Kind.NUMBER, on_page=False),
        Column("to", "To", lambda item: item.to, sort="to"),
        Column("subject", "Subject", lambda item: item.subject, sort="subject"),
        Column("status", "Status", lambda item: item.state, Kind.STATUS),
        Column("written_at", "Created", lambda item: item.created_at, Kind.MOMENT, sort="created"),
        Column("sent_at", "Sent", lambda item: item.sent_at, Kind.MOMENT, on_page=False),
        Column("attempts", "Attempts", lambda item: item.attempts, Kind.NUMBER, sort="attempts"),
        Column("error", "Error", lambda item: item.error, on_page=False),
    ),
    search="Search by email address or subject",
)
QUEUE = Report[Any](
    name="queue",
    title="Queue",
    columns=(
        Column("kind", "Kind", lambda row: row.title, sort="kind"),
        Column("about", "Student or class", lambda row: row.about, sort="about"),
        Column("what", "What", lambda row: row.what, link=lambda row: row.href),
        Column("since", "Since", lambda row: row.since, Kind.MOMENT, sort="since"),
        Column("due_on", "Due", lambda row: row.due_on, Kind.DAY, sort="due"),
        Column("days_left", "Days left", lambda row: row.days_left, Kind.NUMBER),
    ),
    search="Search by student, class or kind",
    filters=(Filter("kind", "Kind", everything="Everything"),),
    groupings=(
        Grouping(
            "kind",
            "Kind",
            lambda columns, _zone: columns.title,
            measures=(),
        ),
    ),
    counted="Waiting",
)
