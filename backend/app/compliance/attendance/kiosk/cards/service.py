"""Cards: issued by the registrar, one at a time for a student, printed again as often as needed, and revoked."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.compliance.attendance import policy as attendance
from app.compliance.attendance.kiosk import policy, queries
from app.compliance.attendance.kiosk.schemas import CardLine
from app.compliance.attendance.kiosk.typed import card_text
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import Conflict, NotFound
from app.core.permissions import Subject
from app.db.models import KioskCard, User
from app.settings import Settings
from app.web.listing import Listing
from app.web.paging import Paging

NO_CARD = "There is no such card, or you don’t have access to it."


@dataclass(frozen=True, slots=True)
class PrintedCard:
    """What is printed: the student's name, and what the QR code says."""

    card: KioskCard
    student: str
    text: str


def list_cards(session: Session, subject: Subject, paging: Paging) -> Listing[CardLine]:
    """The students with an active enrollment, and their cards. Sorts: student, issued. Raises Forbidden."""
    policy.require_issue_cards(subject)
    visible = attendance.visible(session, subject, User.id)
    return queries.card_listing(session, visible, paging).map(lambda row: CardLine(*row))


def issue_card(session: Session, settings: Settings, subject: Subject, user_id: int) -> PrintedCard:
    """A new card for a student; the one before punches nothing any more. Raises Forbidden and NotFound."""
    policy.require_issue_cards(subject)
    student = queries.students(session, [user_id]).get(user_id, (None, None))[0]
    if student is None or not attendance.may_read(session, subject, user_id):
        raise NotFound("There is no such student, or you don’t have access to them.")
    before = queries.valid_card(session, user_id)
    if before is not None:
        _revoke(session, subject, before)
    card = KioskCard(user_id=user_id, issued_by=subject.user_id, issued_at=clock.now())
    queries.add(session, card)
    history.record(session, subject, Action.KIOSK_CARD_ISSUED, card.id, student_id=user_id, card=card.id)
    return PrintedCard(card, student.full_name, card_text(settings, card))


def read_card(session: Session, settings: Settings, subject: Subject, card_id: int) -> PrintedCard:
    """A card to print again. Raises Forbidden, NotFound, and Conflict for one that is revoked."""
    card, student = _card(session, subject, card_id)
    if card.revoked_at is not None:
        raise Conflict("This card is revoked. Issue a new one under Attendance › Kiosk cards.")
    return PrintedCard(card, student.full_name, card_text(settings, card))


def revoke_card(session: Session, subject: Subject, card_id: int) -> None:
    """The card punches nothing from now on. Raises Forbidden, NotFound, and Conflict for one that is revoked."""
    card, _student = _card(session, subject, card_id)
    if card.revoked_at is not None:
        raise Conflict("This card is revoked already. Nothing was changed.")
    _revoke(session, subject, card)


def _card(session: Session, subject: Subject, card_id: int) -> tuple[KioskCard, User]:
    policy.require_issue_cards(subject)
    card = queries.cards(session, [card_id]).get(card_id)
    student = None if card is None else session.get(User, card.user_id)
    if card is None or student is None or not attendance.may_read(session, subject, card.user_id):
        raise NotFound(NO_CARD)
    return card, student


def _revoke(session: Session, subject: Subject, card: KioskCard) -> None:
    card.revoked_at, card.revoked_by = clock.now(), subject.user_id
    session.flush()
    history.record(
        session, subject, Action.KIOSK_CARD_REVOKED, card.id, student_id=card.user_id, card=card.id
    )
