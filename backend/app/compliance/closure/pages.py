"""The page of the closure archive: what it is, making one, how far it is, its download."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from app.compliance.closure import policy, service
from app.core import clock
from app.core.files import quota
from app.core.permissions import Permission
from app.web import navigation, refusals
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.navigation import NavItem
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, FilesDep, Requires

router = APIRouter(include_in_schema=False)
refusals.register_record("archive_id", "closure_archives")
navigation.register(NavItem("Closure", "/closure", "package", policy.may_export, order=95))


class ButtonForm(BaseModel):
    """A form with nothing but its button."""


@router.get("/closure", dependencies=[Requires(Permission.DOCUMENTS_READ_ALL)])
def closure(request: Request, db: Db, subject: CurrentSubject) -> Response:
    """The archives that were made, and how far one is."""
    rows = service.recent(db, subject)
    return render(
        request,
        "closure/closure.html",
        rows=rows,
        amount=quota.amount,
        now=clock.now(),
        under_way=any(row.ClosureArchive.finished_at is None for row in rows),
        may_export=policy.may_export(subject),
    )


@router.post("/closure", dependencies=[Requires(Permission.CLOSURE_EXPORT)])
def start(
    db: Db, subject: CurrentSubject, form: Annotated[Form[ButtonForm], Depends(posted(ButtonForm))]
) -> Response:
    """Have the archive made."""
    form.checked()
    service.start(db, subject)
    return redirect("/closure")


@router.get("/closure/{archive_id}/archive", dependencies=[Requires(Permission.CLOSURE_EXPORT)])
def archive(db: Db, subject: CurrentSubject, store: FilesDep, archive_id: PathId) -> Response:
    """The archive as a ZIP."""
    row = service.open_archive(db, subject, archive_id, store)
    headers = {
        "Content-Disposition": f'attachment; filename="closure-{row.asked_at:%Y-%m-%d}.zip"',
        "Content-Length": str(row.size_bytes),
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(store.read(row.sha256 or ""), media_type="application/zip", headers=headers)
