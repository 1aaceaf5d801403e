"""Transcripts for many students as pages: choose, look at who would get one, follow the progress."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from app.compliance.transcripts.batches import service
from app.compliance.transcripts.schemas import BatchForm
from app.core.permissions import Permission, Subject
from app.web import refusals
from app.web.field_types import OptionalId, PathId
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires

router = APIRouter(include_in_schema=False)
refusals.register_record("batch_id", "transcript_batches")
LIST = ("Transcripts", "/transcripts")


@router.get("/transcripts/batches/new", dependencies=[Requires(Permission.DOCUMENTS_ISSUE)])
def choose(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    program_id: Annotated[OptionalId, Query()] = None,
    class_id: Annotated[OptionalId, Query()] = None,
) -> Response:
    """Who would get a transcript, once a program or a class is chosen."""
    return _page(
        request,
        db,
        subject,
        Form.blank(BatchForm, program_id=program_id, class_id=class_id),
        program_id,
        class_id,
    )


@router.post("/transcripts/batches/new", dependencies=[Requires(Permission.DOCUMENTS_ISSUE)])
def start(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    form: Annotated[Form[BatchForm], Depends(posted(BatchForm))],
) -> Response:
    def act(values: BatchForm) -> Response:
        batch = service.start(db, subject, program_id=values.program_id, class_id=values.class_id)
        return redirect(f"/transcripts/batches/{batch.id}")

    return form.submit(db, act, again=lambda: _page(request, db, subject, form, None, None))


@router.get("/transcripts/batches/{batch_id}", dependencies=[Requires(Permission.DOCUMENTS_READ_ALL)])
def progress(request: Request, db: Db, subject: CurrentSubject, batch_id: PathId) -> Response:
    found = service.progress(db, subject, batch_id)
    return render(
        request,
        "transcripts/batch.html",
        found=found,
        most=service.SHOWN,
        breadcrumbs=[LIST, (found.batch.title, None)],
    )


def _page(
    request: Request,
    db: Db,
    subject: Subject,
    form: Form[BatchForm],
    program_id: int | None,
    class_id: int | None,
) -> Response:
    programs, classes = service.choices(db, subject)
    found = None
    if (program_id is None) != (class_id is None):
        found = service.candidates(db, subject, program_id=program_id, class_id=class_id)
    return render(
        request,
        "transcripts/batch_new.html",
        form=form,
        programs=programs,
        classes=classes,
        found=found,
        most=service.SHOWN,
        program_id=program_id,
        class_id=class_id,
        recent=service.recent(db, subject),
        breadcrumbs=[LIST, ("Issue for a class or program", None)],
    )
