"""Pages of inspection mode: whose files, how far the packet is, its download."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session

from app.compliance.inspections import policy, service
from app.compliance.inspections.reports import INSPECTIONS
from app.compliance.inspections.schemas import AMONG, InspectionForm
from app.core import clock, proof
from app.core.files import quota
from app.core.permissions import Permission, Subject
from app.rules.inspections import MOST_STUDENTS
from app.web import navigation, refusals, reports
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.navigation import NavItem
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, FilesDep, Requires, SettingsDep

router = APIRouter(include_in_schema=False)
navigation.register(NavItem("Inspections", "/inspections", "search", policy.may_run, order=58))
refusals.register_record("inspection_id", "inspection_packets")
RUNS = [Requires(Permission.INSPECTIONS_RUN)]
LIST = ("Inspections", "/inspections")


@router.get("/inspections", dependencies=RUNS)
def inspections(request: Request, db: Db, subject: CurrentSubject, paging: PageParams) -> Response:
    """Every inspection."""
    listing = service.list_inspections(db, subject, paging)
    return reports.answer(request, db, subject, INSPECTIONS, listing, "inspections/list.html")


@router.get("/inspections/new", dependencies=RUNS)
def new(request: Request, db: Db, subject: CurrentSubject) -> Response:
    """Who inspects, and whose files."""
    # Asked before anything is typed, and not only when the packet is started.
    proof.require_recent(subject)
    return _page(request, db, subject, Form.blank(InspectionForm))


@router.post("/inspections/new", dependencies=RUNS)
def start(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    form: Annotated[Form[InspectionForm], Depends(posted(InspectionForm))],
) -> Response:
    """Find the students who are named, draw some at random, or have the packet made."""

    def act(values: InspectionForm) -> Response:
        if values.step == "start":
            row = service.start(db, subject, values, clock.today(settings.zone))
            return redirect(f"/inspections/{row.id}")
        lines = service.find(db, subject, values.students)
        drawn = None
        if values.step == "draw" or values.seed:
            drawn = service.draw(db, subject, values.count or 10, values.among, values.seed)
            form.data["seed"], form.data["count"] = [drawn.seed], [str(values.count or 10)]
            form.data["drawn"] = [str(one.student_id) for one in drawn.students]
        else:
            form.data["drawn"] = []
        chosen = [str(line.found[0].student_id) for line in lines if len(line.found) == 1]
        form.data["chosen"] = list(dict.fromkeys([*form.chosen("chosen"), *chosen]))
        return _page(request, db, subject, form, lines=lines, drawn=drawn)

    def again() -> Response:
        # What was found stays on the page, so that a choice that is missing can be made.
        lines = service.find(db, subject, form.values.students) if form.values else []
        return _page(request, db, subject, form, lines=lines)

    return form.submit(db, act, again)


@router.get("/inspections/{inspection_id}", dependencies=RUNS)
def progress(request: Request, db: Db, subject: CurrentSubject, inspection_id: PathId) -> Response:
    """How far a packet is."""
    found = service.progress(db, subject, inspection_id)
    return render(
        request,
        "inspections/inspection.html",
        found=found,
        row=found.inspection,
        among=dict(AMONG),
        size=quota.amount(found.inspection.packet_bytes or 0),
        breadcrumbs=[LIST, (found.inspection.inspector, None)],
    )


@router.get("/inspections/{inspection_id}/packet", dependencies=RUNS)
def packet(db: Db, subject: CurrentSubject, store: FilesDep, inspection_id: PathId) -> Response:
    """The packet as a ZIP."""
    row = service.open_packet(db, subject, inspection_id, store)
    headers = {
        "Content-Disposition": f'attachment; filename="inspection-{row.id}-{row.made_on}.zip"',
        "Content-Length": str(row.packet_bytes),
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(
        store.read(row.packet_sha256 or ""), media_type="application/zip", headers=headers
    )


def _page(
    request: Request, db: Session, subject: Subject, form: Form[InspectionForm], **found: Any
) -> Response:
    return render(
        request,
        "inspections/new.html",
        form=form,
        among=AMONG,
        most=MOST_STUDENTS,
        lines=found.get("lines", []),
        drawn=found.get("drawn"),
        breadcrumbs=[LIST, ("Start an inspection", None)],
    )
