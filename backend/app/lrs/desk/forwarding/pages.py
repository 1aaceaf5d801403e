"""Pages of the targets that statements are passed on to."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from app.lrs.desk.forwarding import service
from app.lrs.desk.forwarding.reports import PUT_ASIDE, TARGETS
from app.lrs.desk.forwarding.schemas import ForwarderForm, NewForwarderForm
from app.web import once, reports
from app.web.fields import PathId
from app.web.forms import Form, posted
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.request import AdminSubject, Db, SettingsDep

router = APIRouter(prefix="/lrs/forwarding", include_in_schema=False)
CRUMBS = [("Learning record store", "/lrs/statements"), ("Forwarding", "/lrs/forwarding")]
FormDep = Annotated[Form[ForwarderForm], Depends(posted(ForwarderForm))]


@router.get("")
def forwarders(request: Request, db: Db, admin: AdminSubject, paging: PageParams) -> Response:
    """The targets."""
    return reports.answer(
        request,
        db,
        admin,
        TARGETS,
        service.listed(db, paging),
        "lrs/forwarders.html",
        state_of=service.state_of,
        breadcrumbs=[CRUMBS[0], (CRUMBS[1][0], None)],
    )


@router.get("/new")
def new_forwarder(request: Request, _admin: AdminSubject) -> Response:
    return _form_page(request, Form.blank(NewForwarderForm), None)


@router.post("/new")
def create_forwarder(
    request: Request,
    db: Db,
    admin: AdminSubject,
    settings: SettingsDep,
    form: Annotated[Form[NewForwarderForm], Depends(posted(NewForwarderForm))],
) -> Response:
    def create(given: NewForwarderForm) -> Response:
        return redirect(f"/lrs/forwarding/{service.create(db, admin, settings, given).id}")

    return form.submit(db, create, again=lambda: _form_page(request, form, None))


@router.get("/{forwarder_id}")
def forwarder(
    request: Request,
    db: Db,
    admin: AdminSubject,
    settings: SettingsDep,
    forwarder_id: PathId,
    paging: PageParams,
    asked: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """One target: how far it has got, and what it refused.

    `asked` is `again` after a request to send what was put aside, `now` after one to send what waits.
    """
    record = service.find(db, forwarder_id)
    tried = once.handed_over(settings, admin, request)
    page = reports.answer(
        request,
        db,
        admin,
        PUT_ASIDE,
        service.dead_letters(db, record.id, paging),
        "lrs/forwarder.html",
        about={"Target": record.label},
        record=record,
        state=service.state_of(record),
        progress=service.progress(db, record),
        most=service.MOST_COUNTED,
        asked=asked,
        tried=tried,
        breadcrumbs=[*CRUMBS, (record.label, None)],
    )
    if tried:
        once.forget(settings, page, request.url.path)
    return page


@router.post("/{forwarder_id}/try")
def try_out(db: Db, admin: AdminSubject, settings: SettingsDep, forwarder_id: PathId) -> Response:
    """Ask the target now; its page says what it answers."""
    tried = service.try_out(db, admin, settings, forwarder_id)
    here = f"/lrs/forwarding/{forwarder_id}"
    response = redirect(here)
    tone = "good" if tried.works else "warn"
    once.hand_over(settings, admin, response, here, {"words": tried.words, "tone": tone})
    return response


@router.get("/{forwarder_id}/try")
def tried(_admin: AdminSubject, forwarder_id: PathId) -> Response:
    """Where a sign-in in between leads back to."""
    return redirect(f"/lrs/forwarding/{forwarder_id}")


@router.post("/{forwarder_id}/now")
def send_now(db: Db, admin: AdminSubject, forwarder_id: PathId) -> Response:
    """Have what waits sent at once."""
    service.send_now(db, admin, forwarder_id)
    return redirect(f"/lrs/forwarding/{forwarder_id}", asked="now")


@router.get("/{forwarder_id}/edit")
def edit_forwarder(request: Request, db: Db, _admin: AdminSubject, forwarder_id: PathId) -> Response:
    record = service.find(db, forwarder_id)
    return _form_page(request, Form.filled(ForwarderForm, record), record.id)


@router.post("/{forwarder_id}/edit")
def change_forwarder(
    request: Request, db: Db, admin: AdminSubject, settings: SettingsDep, forwarder_id: PathId, form: FormDep
) -> Response:
    def change(given: ForwarderForm) -> Response:
        return redirect(f"/lrs/forwarding/{service.change(db, admin, settings, forwarder_id, given).id}")

    return form.submit(db, change, again=lambda: _form_page(request, form, forwarder_id))


@router.post("/{forwarder_id}/on")
def switch_on(db: Db, admin: AdminSubject, forwarder_id: PathId) -> Response:
    service.switch(db, admin, forwarder_id, on=True)
    return redirect(f"/lrs/forwarding/{forwarder_id}")


@router.post("/{forwarder_id}/off")
def switch_off(db: Db, admin: AdminSubject, forwarder_id: PathId) -> Response:
    service.switch(db, admin, forwarder_id, on=False)
    return redirect(f"/lrs/forwarding/{forwarder_id}")


@router.post("/{forwarder_id}/again")
def try_again(db: Db, admin: AdminSubject, forwarder_id: PathId) -> Response:
    """Have the dead letters sent once more."""
    service.try_again(db, admin, forwarder_id)
    return redirect(f"/lrs/forwarding/{forwarder_id}", asked="again")


@router.post("/{forwarder_id}/drop")
def drop_letters(db: Db, admin: AdminSubject, forwarder_id: PathId) -> Response:
    service.give_up(db, admin, forwarder_id)
    return redirect(f"/lrs/forwarding/{forwarder_id}")


@router.post("/{forwarder_id}/delete")
def delete_forwarder(db: Db, admin: AdminSubject, forwarder_id: PathId) -> Response:
    service.remove(db, admin, forwarder_id)
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
