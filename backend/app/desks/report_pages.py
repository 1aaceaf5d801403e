"""All reports that a person’s duties include, with one sentence each."""

from fastapi import APIRouter, Request, Response

from app.core.errors import Forbidden
from app.core.permissions import Subject
from app.web import navigation
from app.web.navigation import NavItem
from app.web.render import render
from app.web.reports import registry
from app.web.request import CurrentSubject

router = APIRouter(include_in_schema=False)


def _may_read(subject: Subject) -> bool:
    return not subject.is_student and bool(registry.of(subject))


navigation.register(NavItem("Reports", "/reports", "report-analytics", _may_read, order=58))


@router.get("/reports")
def all_reports(request: Request, subject: CurrentSubject) -> Response:
    """What can be taken out, by group."""
    if not _may_read(subject):
        raise Forbidden("Your duties do not include reports. Ask an administrator if that is wrong.")
    return render(request, "desks/reports.html", groups=registry.of(subject))
