"""The list of a program's questions, described."""

from app.content.bank.schemas import KINDS, LABELS, QuestionOut
from app.web.reports import Column, Filter, Kind, Report

QUESTIONS = Report[QuestionOut](
    name="questions",
    title="Questions",
    columns=(
        Column(
            "prompt",
            "Question",
            lambda row: row.prompt,
            sort="question",
            link=lambda row: f"/questions/{row.id}",
        ),
        Column("kind", "Kind", lambda row: LABELS[row.kind], sort="kind"),
        Column("module", "Module", lambda row: row.module_name, sort="module"),
        Column("points", "Points", lambda row: row.points, Kind.NUMBER, sort="points"),
        Column("lines", "Options", lambda row: row.lines, on_page=False),
        Column("value", "Right number", lambda row: row.key.get("value"), on_page=False),
        Column("tolerance", "Tolerance", lambda row: row.key.get("tolerance"), on_page=False),
        Column("feedback", "Explanation", lambda row: row.feedback, on_page=False),
        Column("saved", "Last saved", lambda row: row.saved_at, Kind.MOMENT, sort="saved"),
    ),
    search="Search by question or module",
    filters=(
        Filter("module_id", "Module"),
        Filter("kind", "Kind", list(KINDS), "Any kind"),
        Filter("retired", "State", [("yes", "Taken out")], "In the bank"),
    ),
    names_people=False,
)
