"""Reports: one description of a list serves its page and its files (CSV, XLSX, PDF, JSON).

A room describes its list once, as a module constant, and answers its address with `answer`:

    CLASS_LIST = Report(
        "class-list", "Class list",
        (Column("student", "Student", lambda row: row.full_name, sort="student"), …),
    )
"""

from app.web.reports.answers import answer, file_of, offered
from app.web.reports.description import Column, Filter, Grouping, Kind, Measure, Report, action
from app.web.reports.pdf import Table, register_pdf

__all__ = [
    "Column",
    "Filter",
    "Grouping",
    "Kind",
    "Measure",
    "Report",
    "Table",
    "action",
    "answer",
    "file_of",
    "offered",
    "register_pdf",
]
