"""Pages of the targets that statements are passed on to."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from app.core.permissions import Permission
from app.lrs.desk.forwarding import service
from app.lrs.desk.forwarding.reports import PUT_ASIDE, TARGETS
from app.lrs.desk.forwarding.schemas import ForwarderForm, NewForwarderForm
from app.web import reports, shown_once
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, Requires, SettingsDep

router = APIRouter(prefix="/lrs/forwarding", include_in_schema=False)
READS = [Requires(Permission.LRS_READ_ALL)]
MANAGES = [Requires(Permission.LRS_MANAGE)]
CRUMBS = [("Learning record store", "/lrs/statements"), ("Forwarding", "/lrs/forwarding")]
FormDep = Annotated[Form[ForwarderForm], Depends(posted(ForwarderForm))]


@router.get("", dependencies=READS)
def forwarders(request: Request, db: Db, subject: CurrentSubject, paging: PageParams) -> Response:
    """The targets."""
    return reports.answer(
        request,
        db,
        subject,
        TARGETS,
        service.listed(db, subject, paging),
        "lrs/forwarders.html",
        state_of=service.state_of,
        breadcrumbs=[CRUMBS[0], (CRUMBS[1][0], None)],
    )


@router.get("/new", dependencies=MANAGES)
def new_forwarder(request: Request, subject: CurrentSubject) -> Response:
    return _form_page(request, Form.blank(NewForwarderForm), None)


@router.post("/new", dependencies=MANAGES)
def create_forwarder(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    form: Annotated[Form[NewForwarderForm], Depends(posted(NewForwarderForm))],
) -> Response:
    def create(given: NewForwarderForm) -> Response:
        return redirect(f"/lrs/forwarding/{service.create(db, subject, settings, given).id}")

    return form.submit(db, create, again=lambda: _form_page(request, form, None))


@router.get("/{forwarder_id}", dependencies=READS)
def forwarder(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    forwarder_id: PathId,
    paging: PageParams,
    asked: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """One target: how far it has got, and what it refused.

    `asked` is `again` after a request to send what was put aside, `now` after one to send what waits.
    """
    record = service.find(db, subject, forwarder_id)
    tried = shown_once.handed_over(settings, subject, request)
    page = reports.answer(
        request,
        db,
        subject,
        PUT_ASIDE,
        service.dead_letters(db, subject, record.id, paging),
        "lrs/forwarder.html",
        about={"Target": record.label},
        record=record,
        state=service.state_of(record),
        progress=service.progress(db, subject, record),
        most=service.MOST_COUNTED,
        asked=asked,
        tried=tried,
        breadcrumbs=[*CRUMBS, (record.label, None)],
    )
    if tried:
        shown_once.forget(settings, page)
    return page


@router.post("/{forwarder_id}/try", dependencies=MANAGES)
def try_out(db: Db, subject: CurrentSubject, settings: SettingsDep, forwarder_id: PathId) -> Response:
    """Ask the target now; its page says what it answers."""
    tried = service.try_out(db, subject, settings, forwarder_id)
    here = f"/lrs/forwarding/{forwarder_id}"
    response = redirect(here)
    tone = "good" if tried.works else "warn"
    shown_once.hand_over(settings, subject, response, here, {"words": tried.words, "tone": tone})
    return response


@router.get("/{forwarder_id}/try", dependencies=MANAGES)
def tried(subject: CurrentSubject, forwarder_id: PathId) -> Response:
    """Where a sign-in in between leads back to."""
    return redirect(f"/lrs/forwarding/{forwarder_id}")


@router.post("/{forwarder_id}/now", dependencies=MANAGES)
def send_now(db: Db, subject: CurrentSubject, forwarder_id: PathId) -> Response:
    """Have what waits sent at once."""
    service.send_now(db, subject, forwarder_id)
    return redirect(f"/lrs/forwarding/{forwarder_id}", asked="now")


@router.get("/{forwarder_id}/edit", dependencies=MANAGES)
def edit_forwarder(request: Request, db: Db, subject: CurrentSubject, forwarder_id: PathId) -> Response:
    record = service.find(db, subject, forwarder_id)
    return _form_page(request, Form.filled(ForwarderForm, record), record.id)


@router.post("/{forwarder_id}/edit", dependencies=MANAGES)
def change_forwarder(
    request: Request,
    db: Db,
    subject: CurrentSubject,
    settings: SettingsDep,
    forwarder_id: PathId,
    form: FormDep,
) -> Response:
    def change(given: ForwarderForm) -> Response:
        return redirect(f"/lrs/forwarding/{service.change(db, subject, settings, forwarder_id, given).id}")

    return form.submit(db, change, again=lambda: _form_page(request, form, forwarder_id))


@router.post("/{forwarder_id}/on", dependencies=MANAGES)
def switch_on(db: Db, subject: CurrentSubject, forwarder_id: PathId) -> Response:
    service.switch(db, subject, forwarder_id, on=True)
    return redirect(f"/lrs/forwarding/{forwarder_id}")


@router.post("/{forwarder_id}/off", dependencies=MANAGES)
def switch_off(db: Db, subject: CurrentSubject, forwarder_id: PathId) -> Response:
    service.switch(db, subject, forwarder_id, on=False)
    return redirect(f"/lrs/forwarding/{forwarder_id}")


@router.post("/{forwarder_id}/again", dependencies=MANAGES)
def try_again(db: Db, subject: CurrentSubject, forwarder_id: PathId) -> Response:
    """Have the dead letters sent once more."""
    service.try_again(db, subject, forwarder_id)
    return redirect(f"/lrs/forwarding/{forwarder_id}", asked="again")


@router.post("/{forwarder_id}/drop", dependencies=MANAGES)
def drop_letters(db: Db, subject: CurrentSubject, forwarder_id: PathId) -> Response:
    service.give_up(db, subject, forwarder_id)
    return redirect(f"/lrs/forwarding/{forwarder_id}")


@router.post("/{forwarder_id}/delete", dependencies=MANAGES)
def delete_forwarder(db: Db, subject: CurrentSubject, forwarder_id: PathId) -> Response:
    service.remove(db, subject, forwarder_id)
    return redirect("/lrs/forwarding")


def _form_page(request: Request, form: Form[Any], forwarder_id: int | None) -> Response:
    title = "New target" if forwarder_id is None else "Change the target"
    return render(
        request,
        "lrs/forwarder_form.html",
        form=form,
        title=title,
        forwarder_id=forwarder_id,
        breadcrumbs=[*CRUMBS, (title, None)],
    )
