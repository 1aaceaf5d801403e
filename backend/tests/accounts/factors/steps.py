"""What tests of second factors do again and again."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pyotp
from fastapi.testclient import TestClient
from sqlalchemy.orm import Session

from app.core import clock
from app.db.models import User
from app.db.session import Database
from tests.accounts.soft_key import SoftKey

Open = Callable[[User], TestClient]
CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")


def key_on(page: str) -> str:
    """The key that the page shows to be typed."""
    found = re.search(r"text-break\">([A-Z2-7 ]{39})</code>", page)
    assert found
    return found[1].replace(" ", "")


def add_app(client: TestClient, name: str = "My phone") -> tuple[str, list[str]]:
    """Set up an authenticator app; its key, and the recovery codes that were shown."""
    page = client.get("/account/factors/authenticators/new").text
    sealed = re.search(r'name="sealed" value="([^"]+)"', page)
    assert sealed
    key = key_on(page)
    form = {"name": name, "sealed": sealed[1], "code": now_code(key, -1)}
    answer = client.post("/account/factors/authenticators", data=form)
    assert answer.status_code in (200, 303), answer.text
    return key, CODE.findall(answer.text)


def add_passkey(client: TestClient, key: SoftKey, name: str = "My key") -> Any:
    options = client.post("/account/factors/passkeys/options").json()
    return client.post("/account/factors/passkeys", data={"name": name, "answer": key.create(options)})


def by_passkey(client: TestClient, key: SoftKey, **more: str) -> Any:
    options = client.post("/sign-in/passkey/options").json()
    return client.post("/sign-in/passkey", data={"answer": key.get(options), **more})


def now_code(key: str, steps: int = 0) -> str:
    return pyotp.TOTP(key).at(clock.now() + timedelta(seconds=30 * steps))


def at_once(database: Database, count: int, act: Callable[[Session], Any]) -> list[Any]:
    """The same act in transactions that begin together."""
    barrier = Barrier(count)

    def one(_number: int) -> Any:
        with database.begin() as session:
            barrier.wait(10)
            return act(session)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))
