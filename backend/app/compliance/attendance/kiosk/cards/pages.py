"""Pages of cards: the list, and one card to print."""

from fastapi import APIRouter, Request, Response
from markupsafe import Markup

from app.compliance.attendance.corrections.pages import ATTENDANCE, CORRECTS
from app.compliance.attendance.kiosk.cards import service
from app.compliance.attendance.kiosk.reports import CARDS
from app.compliance.attendance.pages import views
from app.core.visibility import Records
from app.documents.service import qr_svg
from app.web import refusals, reports
from app.web.field_types import PathId
from app.web.paging import PageParams
from app.web.render import redirect, render
from app.web.request import CurrentSubject, Db, SettingsDep

router = APIRouter(include_in_schema=False)
refusals.register_record("card_id", "kiosk_cards", owner="user_id", kind=Records.ATTENDANCE)
LIST = "/attendance/kiosk-cards"


@router.get(LIST, dependencies=CORRECTS)
def cards(request: Request, db: Db, subject: CurrentSubject, paging: PageParams) -> Response:
    """Students with an active enrollment, and who has a card."""
    return reports.answer(
        request,
        db,
        subject,
        CARDS,
        service.list_cards(db, subject, paging),
        "attendance/kiosk_cards.html",
        views=views(request),
    )


@router.post(LIST + "/for/{user_id}", dependencies=CORRECTS)
def issue(db: Db, subject: CurrentSubject, settings: SettingsDep, user_id: PathId) -> Response:
    """A new card for a student."""
    made = service.issue_card(db, settings, subject, user_id)
    return redirect(f"{LIST}/{made.card.id}")


@router.get(LIST + "/{card_id}", dependencies=CORRECTS)
def card(
    request: Request, db: Db, subject: CurrentSubject, settings: SettingsDep, card_id: PathId
) -> Response:
    """One card, to print."""
    found = service.read_card(db, settings, subject, card_id)
    return render(
        request,
        "attendance/kiosk_card.html",
        found=found,
        image=Markup(qr_svg(found.text)),  # noqa: S704 - drawn here, of letters and digits,
        breadcrumbs=[ATTENDANCE, ("Kiosk cards", LIST), (found.student, None)],
    )


@router.post(LIST + "/{card_id}/revoke", dependencies=CORRECTS)
def revoke(db: Db, subject: CurrentSubject, card_id: PathId) -> Response:
    """The card punches nothing any more."""
    service.revoke_card(db, subject, card_id)
    return redirect(LIST)
