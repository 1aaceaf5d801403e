"""What the students of an assignment handed in, described."""

from app.content.assignments.schemas import BoardLine, State
from app.web.reports import Column, Filter, Kind, Report

HAND_INS = Report[BoardLine](
    name="hand-ins",
    title="Hand-ins",
    columns=(
        Column(
            "student",
            "Student",
            lambda row: row.full_name,
            sort="student",
            link=lambda row: f"/hand-ins/{row.hand_in.id}" if row.hand_in else None,
        ),
        Column("state", "State", lambda row: row.state.label, sort="state"),
        Column(
            "score",
            "Score",
            lambda row: row.grade.score_pct if row.grade else None,
            Kind.PERCENT,
            sort="score",
        ),
        Column(
            "handed_in",
            "Handed in",
            lambda row: row.hand_in.handed_in_at if row.hand_in else None,
            Kind.MOMENT,
            sort="handed_in",
        ),
        Column("due", "Due", lambda row: row.due_at, Kind.MOMENT),
        Column(
            "number",
            "Hand-ins",
            lambda row: row.hand_in.number if row.hand_in else 0,
            Kind.NUMBER,
            on_page=False,
        ),
        Column(
            "late",
            "Days late",
            lambda row: row.hand_in.late_days if row.hand_in else None,
            Kind.NUMBER,
            on_page=False,
        ),
        Column(
            "passed",
            "Passed",
            lambda row: row.grade.passed if row.grade else None,
            Kind.YES_NO,
            on_page=False,
        ),
        Column(
            "more", "More time or tries", lambda row: row.allowance is not None, Kind.YES_NO, on_page=False
        ),
    ),
    search="Search by name",
    filters=(Filter("state", "Status", [(one.value, one.label) for one in State], "Any status"),),
)
