"""Pages of the targets that statements are passed on to."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response

from app.core import clock
from app.lrs.desk.forwarding import service
from app.lrs.desk.forwarding.schemas import ForwarderForm, NewForwarderForm
from app.settings import Settings
from app.web import once
from app.web.csv import csv_response
from app.web.fields import PathId
from app.web.forms import Form, posted
from app.web.paging import Page, PageParams
from app.web.render import redirect, render
from app.web.request import AdminSubject, Db, SettingsDep

router = APIRouter(prefix="/lrs/forwarding", include_in_schema=False)
CRUMBS = [("Learning record store", "/lrs/statements"), ("Forwarding", "/lrs/forwarding")]
FormDep = Annotated[Form[ForwarderForm], Depends(posted(ForwarderForm))]


@router.get("")
def forwarders(
    request: Request, db: Db, _admin: AdminSubject, settings: SettingsDep, paging: PageParams
) -> Response:
    """The targets; as a file with `format=csv`."""
    if paging.wants_csv:
        return csv_response("targets.csv", *_lines(service.listed(db, paging.everything()), settings))
    return render(
        request,
        "lrs/forwarders.html",
        state_of=service.state_of,
        page=service.listed(db, paging),
        paging=paging,
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
    """One target: how far it has got, and what it refused; the latter as a file with `format=csv`.

    `asked` is `again` after a request to send what was put aside, `now` after one to send what waits.
    """
    record = service.find(db, forwarder_id)
    if paging.wants_csv:
        letters = service.dead_letters(db, record.id, paging.everything()).items
        header = ("Statement", "Why", "Put aside")
        lines = ((one.name, one.error, clock.local(one.created_at, settings.zone)) for one in letters)
        return csv_response("put-aside.csv", header, lines)
    tried = once.handed_over(settings, admin, request)
    page = render(
        request,
        "lrs/forwarder.html",
        record=record,
        state=service.state_of(record),
        progress=service.progress(db, record),
        page=service.dead_letters(db, record.id, paging),
        paging=paging,
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


def _lines(page: Page[Any], settings: Settings) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
    """Header and rows of the file of targets."""
    header = ("Number", "Name", "Endpoint", "State", "Sent", "Put aside", "Last success", "Last error")
    rows = (
        (
            one.id,
            one.label,
            one.endpoint,
            service.state_of(one),
            one.sent,
            dead,
            one.last_success_at and clock.local(one.last_success_at, settings.zone),
            one.last_error,
        )
        for one, dead in page.items
    )
    return header, rows


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
