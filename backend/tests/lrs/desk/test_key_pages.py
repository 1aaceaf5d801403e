"""The desk of the API keys: secrets that are shown once, lists, launches that can be ended."""

import csv
import io
import re
from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
import time_machine
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core import clock
from app.db.models import User, XapiCredential
from app.lrs.desk.keys import service
from tests.conftest import LiveServer, sign_in_directly
from tests.lrs.desk.conftest import Scene, make_scene

SignedIn = Callable[[User], TestClient]
ORIGIN = "http://localhost:8000"


def _rows(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def _launch(session: Session, user: User, activity: str) -> XapiCredential:
    return service.launch_token(
        session,
        ORIGIN,
        user_id=user.id,
        agent={"account": {"homePage": ORIGIN, "name": str(user.id)}},
        activity=activity,
        registration=None,
    ).api_key


def test_an_api_key_from_the_first_day_to_the_last(live_server: LiveServer) -> None:
    with live_server.database.begin() as session:
        scene = make_scene(session)
        admin = scene.admin
    with httpx2.Client(base_url=live_server.url, headers={"Origin": live_server.url}) as client:
        with live_server.database.begin() as session:
            sign_in_directly(session, client, admin)  # type: ignore[arg-type]
        wrong = client.post("/lrs/keys/new", data={"label": " ", "rate_limit_per_minute": "0"})
        assert wrong.status_code == 422
        made = client.post(
            "/lrs/keys/new",
            data={"label": "Simulator", "scopes": ["statements/write", "statements/read/mine"],
                  "rate_limit_per_minute": "600"},
        )  # fmt: skip
        here = made.headers["location"]
        shown = client.get(here)
        assert shown.headers["cache-control"] == "no-store"
        key, secret = re.findall(r"<dd><code>([^<]+)</code>", shown.text)[1:]
        again = client.get(here)
        assert again.status_code == 200
        assert secret not in again.text

        def status(password: str) -> int:
            pair = b64encode(f"{key}:{password}".encode()).decode()
            headers = {"Authorization": f"Basic {pair}", "X-Experience-API-Version": "2.0.0"}
            return httpx2.get(f"{live_server.url}/xapi/statements", headers=headers).status_code

        assert status(secret) == 200
        listed = client.get("/lrs/keys").text
        assert "Simulator" in listed
        assert "600 per minute" in listed
        assert secret not in listed
        (one,) = client.get("/api/v1/lrs/keys").json()["items"]
        assert one["last_used_at"]
        assert client.post(f"{here}/rotate").headers["location"] == here
        secret = re.findall(r"<dd><code>([^<]+)</code>", client.get(here).text)[2]
        assert status(secret) == 200
        assert client.get(f"{here}/rotate").headers["location"] == here
        rotated = client.post(f"/api/v1/lrs/keys/{one['id']}/rotate").json()
        assert status(rotated["secret"]) == 200
        assert client.post(f"/lrs/keys/{one['id']}/revoke").status_code == 303
        assert client.post(f"/lrs/keys/{one['id']}/rotate").status_code == 404
        assert "Revoked" in client.get("/lrs/keys?revoked=yes").text
        assert client.get("/api/v1/lrs/keys").json()["total"] == 0
        other = client.post("/api/v1/lrs/keys", json={"label": "API", "scopes": ["all"]})
        assert other.status_code == 201
        assert client.delete(f"/api/v1/lrs/keys/{other.json()['id']}").status_code == 204
        assert client.post("/api/v1/lrs/keys", json={"label": "x", "scopes": ["root"]}).status_code == 422
    with live_server.database.begin() as session:
        assert session.scalar(text("SELECT count(*) FROM xapi_credentials WHERE label = 'Simulator'")) == 1
        acts = session.scalars(
            text("SELECT action FROM audit_log WHERE action LIKE 'xapi_credential.%' ORDER BY id")
        ).all()
    assert [act.partition(".")[2] for act in acts] == [
        "created",
        "rotated",
        "rotated",
        "revoked",
        "created",
        "revoked",
    ]


def test_a_secret_is_shown_to_the_one_who_made_it_alone(scene: Scene, signed_in: SignedIn) -> None:
    admin, other = signed_in(scene.admin), signed_in(scene.school.admin())
    made = admin.post("/lrs/keys/new", data={"label": "Simulator", "scopes": "all/read"})
    assert made.status_code == 303
    cookie = made.headers["set-cookie"]
    here = made.headers["location"]
    assert "Path=/;" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Max-Age=60" in cookie
    sealed = cookie.split(";")[0].removeprefix("aada_once=")
    other.cookies.set("aada_once", sealed)
    assert "shown only once" not in other.get(here).text
    other.cookies.set("aada_once", "x" + sealed[5:])
    assert other.get(here).status_code == 200
    assert "shown only once" in admin.get(here).text
    assert "shown only once" not in admin.get(here).text


def test_a_secret_that_was_not_fetched_in_a_minute_is_gone(
    scene: Scene, signed_in: SignedIn, session: Session
) -> None:
    admin = signed_in(scene.admin)
    with time_machine.travel(clock.now() - timedelta(seconds=90)):
        made = admin.post("/lrs/keys/new", data={"label": "Simulator", "scopes": "all/read"})
    sealed = made.headers["set-cookie"].split(";")[0].removeprefix("aada_once=")
    admin.cookies.set("aada_once", sealed)
    page = admin.get(made.headers["location"])
    assert page.status_code == 200
    assert "Shown once, when it was created" in page.text


def test_api_keys_are_searched_sorted_paged_and_a_file(
    scene: Scene, signed_in: SignedIn, session: Session
) -> None:
    made = [
        service.create(session, scene.staff, ORIGIN, label=f"Simulator {letter}", scopes=["all"]).api_key
        for letter in "ABC"
    ]
    service.revoke(session, scene.staff, made[2].id)
    admin = signed_in(scene.admin)
    page = admin.get("/lrs/keys?sort=name&per_page=1").text
    assert ("Simulator A" in page, "Simulator B" in page) == (True, False)
    assert "1–1 of 2" in page
    page = admin.get(f"/lrs/keys?q={made[1].key}").text
    assert ("Simulator A" in page, "Simulator B" in page) == (False, True)
    assert [row["Name"] for row in _rows(admin.get("/lrs/keys?format=csv&sort=-name"))] == [
        "Simulator B",
        "Simulator A",
    ]
    rows = _rows(admin.get("/lrs/keys?format=csv&revoked=yes&sort=name"))
    assert [bool(row["Revoked (America/New_York)"]) for row in rows] == [False, False, True]
    listed = admin.get("/api/v1/lrs/keys?per_page=1&page=2&sort=name").json()
    assert (listed["total"], listed["pages"]) == (2, 2)
    assert [one["label"] for one in listed["items"]] == ["Simulator B"]


def test_launches_that_work_are_listed_and_can_be_ended(
    scene: Scene, signed_in: SignedIn, session: Session
) -> None:
    mine = _launch(session, scene.student, "https://example.org/course")
    over = _launch(session, scene.student, "https://example.org/over")
    over.expires_at = clock.now()
    ended = _launch(session, scene.student, "https://example.org/ended")
    service.end_launch(session, ended.id)
    admin = signed_in(scene.admin)
    page = admin.get("/lrs/keys/launches").text
    assert "Ana Ruiz" in page
    assert "https://example.org/course" in page
    assert "https://example.org/over" not in page
    assert "https://example.org/ended" not in page
    assert "Ana Ruiz" not in admin.get("/lrs/keys").text
    assert "Nothing matches" in admin.get("/lrs/keys/launches?q=nobody").text
    assert [row["Learner"] for row in _rows(admin.get("/lrs/keys/launches?format=csv"))] == ["Ana Ruiz"]
    (one,) = admin.get("/api/v1/lrs/keys/launches").json()["items"]
    assert (one["id"], one["user_id"]) == (mine.id, scene.student.id)
    assert admin.get(f"/lrs/keys/{mine.id}").status_code == 404
    assert admin.post(f"/lrs/keys/{mine.id}/rotate").status_code == 404
    gone = admin.post(f"/lrs/keys/{mine.id}/revoke")
    assert gone.headers["location"] == "/lrs/keys/launches"
    assert "No student has content open" in admin.get("/lrs/keys/launches").text


def test_what_is_no_name_is_refused(scene: Scene, signed_in: SignedIn) -> None:
    admin = signed_in(scene.admin)
    for label, answered in (("x" * 201, "Use at most 200 characters."), ("\u202e", "invisible character")):
        answer = admin.post("/lrs/keys/new", data={"label": label, "scopes": "all"})
        assert answer.status_code == 422
        assert answered in answer.text
        given = {"label": label, "scopes": ["all"]}
        assert admin.post("/api/v1/lrs/keys", json=given).status_code == 422
