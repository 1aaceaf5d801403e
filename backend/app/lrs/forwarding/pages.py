"""Pages of the targets that statements are passed on to."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from app.lrs.forwarding import service
from app.lrs.forwarding.schemas import ForwarderForm, NewForwarderForm
from app.web.fields import PathId
from app.web.forms import Form, posted
from app.web.render import redirect, render
from app.web.request import AdminSubject, Db, SettingsDep

router = APIRouter(prefix="/records/forwarding", include_in_schema=False)
CRUMBS = [("Record store", "/records/statements"), ("Forwarding", "/records/forwarding")]
FormDep = Annotated[Form[ForwarderForm], Depends(posted(ForwarderForm))]


@router.get("")
def forwarders(request: Request, db: Db, _admin: AdminSubject) -> Response:
    return render(
        request,
        "lrs/forwarders.html",
        forwarders=service.listed(db),
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
        return redirect(f"/records/forwarding/{service.create(db, admin, settings, given).id}")

    return form.submit(db, create, again=lambda: _form_page(request, form, None))


@router.get("/{forwarder_id}")
def forwarder(
    request: Request,
    db: Db,
    _admin: AdminSubject,
    forwarder_id: PathId,
    asked: Annotated[str, Query(max_length=10)] = "",
) -> Response:
    """One target: how far it has got, and what it refused. `asked=again` after a request to try those again."""
    record = service.find(db, forwarder_id)
    return render(
        request,
        "lrs/forwarder.html",
        record=record,
        letters=service.dead_letters(db, forwarder_id),
        asked=asked,
        said="",
        breadcrumbs=[*CRUMBS, (record.label, None)],
    )


@router.post("/{forwarder_id}/try")
def try_out(
    request: Request, db: Db, _admin: AdminSubject, settings: SettingsDep, forwarder_id: PathId
) -> Response:
    """Ask the target now, and say what it answers."""
    record = service.find(db, forwarder_id)
    return render(
        request,
        "lrs/forwarder.html",
        record=record,
        letters=service.dead_letters(db, forwarder_id),
        asked="",
        said=service.try_out(db, settings, forwarder_id),
        breadcrumbs=[*CRUMBS, (record.label, None)],
    )


@router.get("/{forwarder_id}/edit")
def edit_forwarder(request: Request, db: Db, _admin: AdminSubject, forwarder_id: PathId) -> Response:
    record = service.find(db, forwarder_id)
    return _form_page(request, Form.filled(ForwarderForm, record), record.id)


@router.post("/{forwarder_id}/edit")
def change_forwarder(
    request: Request, db: Db, admin: AdminSubject, settings: SettingsDep, forwarder_id: PathId, form: FormDep
) -> Response:
    def change(given: ForwarderForm) -> Response:
        return redirect(f"/records/forwarding/{service.change(db, admin, settings, forwarder_id, given).id}")

    return form.submit(db, change, again=lambda: _form_page(request, form, forwarder_id))


@router.post("/{forwarder_id}/on")
def switch_on(db: Db, admin: AdminSubject, forwarder_id: PathId) -> Response:
    service.switch(db, admin, forwarder_id, on=True)
    return redirect(f"/records/forwarding/{forwarder_id}")


@router.post("/{forwarder_id}/off")
def switch_off(db: Db, admin: AdminSubject, forwarder_id: PathId) -> Response:
    service.switch(db, admin, forwarder_id, on=False)
    return redirect(f"/records/forwarding/{forwarder_id}")


@router.post("/{forwarder_id}/again")
def try_again(db: Db, admin: AdminSubject, forwarder_id: PathId) -> Response:
    """Have the dead letters sent once more."""
    service.try_again(db, admin, forwarder_id)
    return redirect(f"/records/forwarding/{forwarder_id}", asked="again")


@router.post("/{forwarder_id}/drop")
def drop_letters(db: Db, admin: AdminSubject, forwarder_id: PathId) -> Response:
    service.give_up(db, admin, forwarder_id)
    return redirect(f"/records/forwarding/{forwarder_id}")


@router.post("/{forwarder_id}/delete")
def delete_forwarder(db: Db, admin: AdminSubject, forwarder_id: PathId) -> Response:
    service.remove(db, admin, forwarder_id)
    return redirect("/records/forwarding")


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
