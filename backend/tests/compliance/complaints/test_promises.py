"""What pages and letters promise: emails to who has an address, an appeal under Complaints to who can sign in."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.compliance.complaints import service
from app.compliance.complaints.schemas import DecisionForm, OfficeForm
from app.core.errors import Conflict
from app.core.files import FileStore
from app.core.permissions import Subject
from app.db.models import Complaint, OutboxMessage, User
from tests.compliance.complaints.conftest import TODAY, SignedIn
from tests.factories.school import School

DAY = timedelta(days=1)


def test_pages_and_letters_promise_no_email_and_no_page_that_there_is_not(
    session: Session,
    school: School,
    maria: User,
    registrar: Subject,
    store: FileStore,
    signed_in: SignedIn,
) -> None:
    """Who has no address on record is sent letters, and only a student appeals under Complaints."""
    office = signed_in(session.get_one(User, registrar.user_id))
    sent, letter = "The person who complained gets an email.", "No email address is on record: send a letter."
    decision = DecisionForm(request=uuid4(), outcome="partly", decision="The fee is taken back.")

    def entered(relation: str, email: str | None) -> Complaint:
        values = {
            "request": uuid4(), "kind": "money", "what": "Charged twice", "wanted": "A refund", "email": email,
            "received_how": "letter", "received_on": TODAY, "relation": relation, "complainant": "Pat Lopez",
        }  # fmt: skip
        return service.enter(session, registrar, maria.id, OfficeForm.model_validate(values), TODAY)

    def appeal(row: Complaint) -> str:
        draft = service.draft_decision(session, registrar, store, row.id, decision, TODAY)
        return next(one for one in draft.facts["paragraphs"] if one.startswith("You can appeal"))

    for relation, email, gets_one, appeals in (
        ("student", None, True, True),
        ("former_student", None, True, True),
        ("parent", "pat@example.org", True, False),
        ("parent", None, False, False),
        ("other", None, False, False),
    ):
        row = entered(relation, email)
        assert ("under Complaints on the school’s pages" in appeal(row)) == appeals, relation
        mails = session.scalars(
            select(OutboxMessage.body_text).where(OutboxMessage.subject.contains(row.number))
        )
        assert [f"/account/complaints/{row.id}" in one for one in mails] == [appeals] * gets_one, relation
        assert "until May 18, 2026" in appeal(row)
        assert "in a letter to the school" in appeal(row)
        session.commit()
        pages = [office.get(f"/complaints/{row.id}").text]
        row.state, row.outcome, row.decision, row.decided_on = "decided", "partly", "Taken back", TODAY
        row.appeal_by = TODAY
        with pytest.raises(Conflict, match="appealed until May 4, 2026"):
            service.close(session, registrar, row.id, "", TODAY)
        row.received_on = row.decided_on = row.appeal_by = TODAY - DAY
        session.commit()
        pages.append(office.get(f"/complaints/{row.id}").text)
        shown = [(page.count(sent), page.count(letter)) for page in pages]
        assert shown == ([(3, 0), (2, 0)] if gets_one else [(0, 3), (0, 2)]), relation
    mine = entered("student", None)
    page = f"/people/{maria.id}/complaints/new"
    assert "Anyone else must be sent letters." in office.get(page).text
    maria.deleted_at = maria.created_at
    session.commit()
    assert "under Complaints" not in appeal(mine), "an account that is deleted opens no page"
    # Only an administrator finds an account that is deleted.
    assert "the student’s account is deleted" in signed_in(school.admin()).get(page).text
