"""The list of complaints, described."""

from typing import Any

from app.rules.complaints import APPEAL_OUTCOMES, KINDS, OUTCOMES, RECEIVED, RELATIONS, STATES
from app.web.reports import Column, Filter, Grouping, Kind, Measure, Report

COMPLAINTS = Report[Any](
    name="complaints",
    title="Complaints",
    columns=(
        Column(
            "number",
            "Number",
            lambda row: row.number,
            sort="number",
            link=lambda row: f"/complaints/{row.id}",
        ),
        Column("student", "Student", lambda row: row.student, sort="student"),
        Column("kind", "About", lambda row: KINDS.get(row.kind, row.kind), sort="kind"),
        Column("received_on", "Received", lambda row: row.received_on, Kind.DAY, sort="received"),
        Column("state", "State", lambda row: STATES.get(row.state, row.state), Kind.STATUS, sort="state"),
        Column("due_on", "Due", lambda row: row.due_on, Kind.DAY, sort="due"),
        Column("days_left", "Days left", lambda row: row.days_left, Kind.NUMBER),
        Column("assigned", "Assigned to", lambda row: row.assigned),
        Column("complainant", "Who complains", lambda row: row.complainant, on_page=False),
        Column("relation", "Relation", lambda row: RELATIONS.get(row.relation, row.relation), on_page=False),
        Column(
            "received_how",
            "How it came",
            lambda row: RECEIVED.get(row.received_how, row.received_how),
            on_page=False,
        ),
        Column("acknowledge_by", "Acknowledge by", lambda row: row.acknowledge_by, Kind.DAY, on_page=False),
        Column("decide_by", "Decide by", lambda row: row.decide_by, Kind.DAY, on_page=False),
        Column("decided_on", "Decided", lambda row: row.decided_on, Kind.DAY, on_page=False),
        Column("days", "Days to decide", lambda row: row.days, Kind.NUMBER, on_page=False),
        Column("timeliness", "On time", lambda row: row.timeliness, on_page=False),
        Column(
            "outcome", "Decision", lambda row: OUTCOMES.get(row.outcome or "", row.outcome), on_page=False
        ),
        Column(
            "appeal_outcome",
            "Appeal",
            lambda row: APPEAL_OUTCOMES.get(row.appeal_outcome or "", row.appeal_outcome),
            on_page=False,
        ),
        Column("closed_on", "Closed", lambda row: row.closed_on, Kind.DAY, on_page=False),
    ),
    search="Search by number, student, or complainant",
    filters=(
        Filter("state", "State", (("open", "Waiting for the school"), *STATES.items())),
        Filter("kind", "About", tuple(KINDS.items()), "Everything"),
    ),
    groupings=tuple(
        Grouping(
            name,
            label,
            lambda columns, _zone, name=name: columns[name],  # type: ignore[misc]
            measures=(Measure("days", "Days to decide", how="avg"),),
            named=lambda key, names=names: names.get(key, str(key)),  # type: ignore[misc]
        )
        for name, label, names in (
            ("kind", "About", KINDS),
            ("state", "State", STATES),
            ("timeliness", "On time", {}),
        )
    ),
    counted="Complaints",
)
