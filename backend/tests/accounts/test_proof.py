"""Acts that ask again who is there, and go on with what was typed."""

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core import clock, proof
from app.core.actions import Action
from app.core.permissions import Duty, Role, Subject
from app.db.models import AuditEntry, User, UserDuty, UserSession
from app.projections.service import SUBSCRIBERS
from tests.accounts.conftest import Make, actions, mail_to, post_sign_in
from tests.accounts.factors.steps import add_app, add_passkey, now_code
from tests.accounts.soft_key import SoftKey
from tests.factories.accounts import PASSWORD, ApiTokenFactory
from tests.projecting import project

Open = Callable[[User], TestClient]
DUTY = {"duty": "bursar", "starts_on": "", "reason": "Runs the office “alone”  \nnow"}


@pytest.fixture
def long_ago(session: Session) -> Callable[[], None]:
    """Let everybody's last proof be too old."""

    def age() -> None:
        for row in session.scalars(select(UserSession)):
            row.proved_at = clock.now() - proof.FRESH
        session.commit()

    return age


def hidden(page: str) -> dict[str, str]:
    return {
        name: unescape(value)
        for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    }


def test_a_form_goes_on_after_the_proof(
    signed_in: Open, session: Session, admin: User, instructor: User, long_ago: Callable[[], None]
) -> None:
    browser = signed_in(admin)
    long_ago()
    path = f"/people/{instructor.id}/duties"
    typed = DUTY | {"starts_on": clock.now().date().isoformat()}
    asked = browser.post(path, data=typed)
    assert asked.status_code == 403
    assert "Confirm that it is you" in asked.text
    assert session.scalars(select(UserDuty)).all() == []
    waiting = hidden(asked.text)
    assert waiting.items() >= {"proof_target": path, "proof_method": "post", "duty": "bursar"}.items()

    wrong = browser.post("/prove", data=waiting | {"proof_password": "wrong"})
    assert wrong.status_code == 422
    assert "not your current password" in wrong.text
    assert hidden(wrong.text) == waiting, "nothing that was typed is lost"

    done = browser.post("/prove", data=waiting | {"proof_password": PASSWORD})
    assert (done.status_code, done.headers["location"]) == (307, path)
    # The browser sends the same body to the form's own address.
    given = browser.post(path, data=waiting | {"proof_password": PASSWORD})
    assert given.headers["location"] == f"{path}?saved=given"
    assert [row.duty for row in session.scalars(select(UserDuty)) if row.given_by] == [Duty.BURSAR]
    assert "proof.given" in actions(session)


def test_a_form_that_is_sent_again_with_an_old_proof_shows_no_password(
    signed_in: Open, session: Session, admin: User, instructor: User, long_ago: Callable[[], None]
) -> None:
    browser = signed_in(admin)
    key, _ = add_app(browser)
    long_ago()
    path = f"/people/{instructor.id}/duties"
    code = now_code(key)
    sent = DUTY | {
        "starts_on": clock.now().date().isoformat(),
        "proof_target": path,
        "proof_method": "post",
        "proof_password": PASSWORD,
        "proof_code": code,
    }
    again = browser.post(f"{path}?back=people", data=sent)
    assert again.status_code == 403
    assert PASSWORD not in again.text
    assert code not in again.text
    waiting = hidden(again.text)
    assert waiting["proof_target"] == f"{path}?back=people", "to the address it was sent to, whole"
    assert again.text.count('name="proof_target"') == 1
    assert session.scalars(select(UserDuty)).all() == []


def test_a_proof_without_a_code_is_no_guess(
    signed_in: Open, admin: User, long_ago: Callable[[], None]
) -> None:
    browser = signed_in(admin)
    key, _ = add_app(browser)
    long_ago()
    forgotten = [browser.post("/prove", data={"proof_password": PASSWORD}) for _ in range(8)]
    assert [answer.status_code for answer in forgotten] == [422] * 8
    assert "Enter the code of your authenticator app" in forgotten[-1].text
    given = browser.post("/prove", data={"proof_password": PASSWORD, "proof_code": now_code(key)})
    assert given.status_code == 303


def test_a_download_goes_on_after_the_proof(
    signed_in: Open, admin: User, long_ago: Callable[[], None]
) -> None:
    browser = signed_in(admin)
    assert browser.get("/people?format=csv").status_code == 200
    long_ago()
    asked = browser.get("/people?format=csv&q=a")
    assert asked.headers["location"] == "/prove?next=%2Fpeople%3Fformat%3Dcsv%26q%3Da"
    page = browser.get(asked.headers["location"])
    done = browser.post("/prove", data=hidden(page.text) | {"proof_password": PASSWORD})
    assert (done.status_code, done.headers["location"]) == (303, "/people?format=csv&q=a")
    assert browser.get(done.headers["location"]).status_code == 200


def test_with_a_second_factor_the_password_alone_is_no_proof(
    signed_in: Open, admin: User, instructor: User, long_ago: Callable[[], None]
) -> None:
    browser = signed_in(admin)
    key, recovery = add_app(browser)
    passkey = SoftKey()
    add_passkey(browser, passkey)
    path = f"/people/{instructor.id}/delete"
    for answer in ({"proof_code": now_code(key)}, {"proof_code": recovery[0]}, None):
        long_ago()
        waiting = hidden(browser.post(path).text)
        assert browser.post("/prove", data=waiting | {"proof_password": PASSWORD}).status_code == 422
        if answer is None:
            options = browser.post("/prove/passkey/options").json()
            given = browser.post("/prove", data=waiting | {"proof_answer": passkey.get(options)})
        else:
            given = browser.post("/prove", data=waiting | {"proof_password": PASSWORD} | answer)
        assert given.status_code == 307
    assert browser.post(path).headers["location"] == "/people/deleted"


def test_the_api_says_so(
    signed_in: Open, session: Session, admin: User, instructor: User, long_ago: Callable[[], None]
) -> None:
    browser = signed_in(admin)
    long_ago()
    path = f"/api/v1/users/{instructor.id}"
    refused = browser.delete(path)
    assert refused.status_code == 403
    assert refused.json()["type"] == "/problems/proof-required"
    assert "10 minutes" in refused.json()["detail"]
    assert browser.patch(path, json={"role": "admin"}).status_code == 403
    assert browser.patch(path, json={"full_name": "Iva Neu"}).status_code == 200, "a name is no role"
    assert browser.post("/api/v1/session/proof", json={"password": "wrong"}).status_code == 422
    assert browser.post("/api/v1/session/proof", json={"password": PASSWORD}).status_code == 204
    assert browser.delete(path).status_code == 204


def test_a_token_cannot_do_what_asks_for_a_proof(
    client: TestClient, session: Session, admin: User, instructor: User
) -> None:
    ApiTokenFactory(session=session, user_id=admin.id, secret="aada_x")
    session.commit()
    headers = {"authorization": "Bearer aada_x"}
    refused = client.delete(f"/api/v1/users/{instructor.id}", headers=headers)
    assert refused.status_code == 403
    assert "An API token cannot confirm who is there" in refused.json()["detail"]
    assert client.get("/people?format=csv", headers=headers).status_code == 200, "a token was made for this"


def test_an_instructors_own_lists_ask_nothing(
    signed_in: Open, instructor: User, long_ago: Callable[[], None]
) -> None:
    browser = signed_in(instructor)
    long_ago()
    assert browser.get("/people?format=csv").status_code == 200


def test_where_the_proof_leads_is_ours(signed_in: Open, student: User) -> None:
    browser = signed_in(student)
    for target in ("https://evil.example", "//evil.example", "/\\evil"):
        for method in ("get", "post"):
            done = browser.post(
                "/prove", data={"proof_password": PASSWORD, "proof_target": target, "proof_method": method}
            )
            assert done.headers["location"] == "/"


def test_guesses_at_the_proof_are_slowed(signed_in: Open, session: Session, student: User) -> None:
    browser = signed_in(student)
    answers = [browser.post("/prove", data={"proof_password": "wrong"}).status_code for _ in range(15)]
    assert answers[0] == 422
    assert answers[-1] == 429


def test_what_asks_is_declared(session: Session) -> None:
    """The acts that the decision names; one that is added to the table is added here, on purpose."""
    always = {action.value for action, asks in proof.ASKS.items() if asks.when is proof._always}
    assert always == {
        "agreement.countersigned",
        "api_token.created", "closure.downloaded", "closure.requested", "credential.bulk_requested",
        "credential.issued", "credential.revoked", "factor.added",
        "factor.removed", "factor_reset.approved", "factor_reset.asked", "identifier.revealed",
        "inspection.downloaded", "inspection.requested",
        "recovery_codes.made", "refund.approved", "refund.endorsed", "refund.remitted",
        "signing_key.made", "signing_key.retired", "signing_key.revoked",
        "student_file.exported", "transcript.issued", "transcripts.asked", "user.deleted", "user.duty_ended",
        "user.duty_given", "xapi_credential.created", "xapi_credential.revoked", "xapi_credential.rotated",
        "xapi_forwarder.changed", "xapi_forwarder.created",
    }  # fmt: skip
    assert set(proof.ASKS) - {Action(value) for value in always} == {
        Action.USER_CREATED, Action.USER_UPDATED, Action.SCHOOL_POLICY_ADDED, Action.SCHOOL_POLICY_WITHDRAWN,
        Action.REPORT_EXPORTED, Action.STATEMENTS_EXPORTED,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("action", "details", "asks"),
    [
        (Action.USER_UPDATED, {"role": ["student", "admin"]}, True),
        (Action.USER_UPDATED, {"full_name": ["A", "B"]}, False),
        (Action.USER_CREATED, {"role": "admin"}, True),
        (Action.USER_CREATED, {"role": "student"}, False),
        (Action.SCHOOL_POLICY_ADDED, {"kind": "second_factor"}, True),
        (Action.SCHOOL_POLICY_ADDED, {"kind": "attendance"}, False),
        (Action.SCHOOL_POLICY_WITHDRAWN, {"kind": "second_factor"}, True),
        (Action.SCHOOL_POLICY_WITHDRAWN, {"kind": "progress"}, False),
        (Action.ATTENDANCE_CLOCKED_IN, {}, False),
    ],
)
def test_when_an_act_asks(action: Action, details: dict[str, object], asks: bool) -> None:
    old = Subject(
        1, "a@example.org", "Ada", Role.ADMIN, session_id=1, proved_at=clock.now() - timedelta(hours=1)
    )
    if asks:
        with pytest.raises(proof.ProofRequired):
            proof.require(old, action, details)
    else:
        proof.require(old, action, details)
    new = Subject(1, "a@example.org", "Ada", Role.ADMIN, session_id=1, proved_at=clock.now())
    proof.require(new, action, details)
    proof.require(None, action, details)


# Lost factors


def test_the_person_and_the_other_administrators_are_mailed(
    signed_in: Open, session: Session, make_user: Make, admin: User, instructor: User
) -> None:
    theirs = signed_in(instructor)
    add_passkey(theirs, SoftKey())
    other = make_user(role=Role.ADMIN)
    signed_in(admin).post(f"/people/{instructor.id}/factors", data={"reason": "Lost the <phone>"})
    project(session, SUBSCRIBERS["notices"])
    to_them = [message.body_text for message in mail_to(session, instructor.email)]
    assert "The passkey “My key” was added" in to_them[0]
    assert "New recovery codes were created" in to_them[1]
    assert "An administrator asked" in to_them[2]
    (request,) = mail_to(session, other.email)
    assert "Lost the <phone>" in request.body_text
    assert "/people/factor-resets" in request.body_text
    assert mail_to(session, admin.email) == []


def test_two_administrators_remove_a_lost_factor(
    client: TestClient, signed_in: Open, session: Session, make_user: Make, admin: User, instructor: User
) -> None:
    theirs = signed_in(instructor)
    add_passkey(theirs, SoftKey())
    second = signed_in(make_user(role=Role.ADMIN))
    first = signed_in(admin)
    path = f"/people/{instructor.id}/factors"
    assert first.post(path, data={"reason": ""}).status_code == 422
    assert first.post(path, data={"reason": "Lost phone; seen in person"}).status_code == 303
    assert first.post(path, data={"reason": "Again"}).status_code == 409
    (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "factor_reset.asked"))
    number = entry.target_id
    assert "Take back" in first.get("/people/factor-resets").text
    alone = first.post(f"/people/factor-resets/{number}/approve")
    assert alone.status_code == 403
    assert "Another administrator must approve" in alone.text
    assert theirs.get("/account").status_code == 200
    assert second.post(f"/people/factor-resets/{number}/approve").status_code == 303
    assert second.post(f"/people/factor-resets/{number}/approve").status_code == 409
    assert theirs.get("/account").status_code == 303, "signed out everywhere"
    assert post_sign_in(client, instructor.email).headers["location"] == "/"
    (done,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "factors.reset"))
    assert (done.details["passkeys"], done.reason) == (1, "Lost phone; seen in person")


def test_nobody_has_a_part_in_the_reset_of_their_own(
    signed_in: Open, session: Session, make_user: Make, admin: User
) -> None:
    lost = make_user(role=Role.ADMIN)
    theirs = signed_in(lost)
    add_passkey(theirs, SoftKey())
    assert theirs.post(f"/people/{lost.id}/factors", data={"reason": "Mine"}).status_code == 403
    signed_in(admin).post(f"/people/{lost.id}/factors", data={"reason": "Lost"})
    (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "factor_reset.asked"))
    for act in ("approve", "decline"):
        assert theirs.post(f"/people/factor-resets/{entry.target_id}/{act}").status_code == 403


def test_a_declined_reset_removes_nothing(
    signed_in: Open, session: Session, make_user: Make, admin: User, instructor: User
) -> None:
    theirs = signed_in(instructor)
    add_passkey(theirs, SoftKey())
    signed_in(admin).post(f"/people/{instructor.id}/factors", data={"reason": "Lost"})
    (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "factor_reset.asked"))
    other = signed_in(make_user(role=Role.ADMIN))
    assert other.post(f"/people/factor-resets/{entry.target_id}/decline").status_code == 303
    assert "My key" in theirs.get("/account/factors").text
    assert "No reset is waiting for approval" in other.get("/people/factor-resets").text
