"""A student reads the same pages whether the database keeps to the student's rows or only the program does.

A row that a policy hides by mistake is no error: a page would show less, and nobody would know. So every page that a
student of the demo school is led to, and every list and file of the API, is asked twice.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from difflib import unified_diff
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
import time_machine
from sqlalchemy import select, text

from app.db.models import User
from app.db.session import Database
from app.demo import people, seed_demo_school
from app.main import create_app
from app.ops.postgres import EmbeddedServer
from app.settings import Settings
from tests.client import Client
from tests.conftest import _throwaway, sign_in_directly
from tests.web.routes import every_route

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo_school")]
MOMENT = datetime(2026, 11, 23, 15, 20, tzinfo=UTC)  # a Monday morning at the school
STUDENTS = 30
MOST_ALIKE = 3
"""Pages that differ by a number alone, of which so many are asked."""
LINK = re.compile(r'(?:href|src|hx-get)="([^"]+)"')
MARKUP = re.compile(
    # Numbers of requests, nonces, sealed secrets, and the time of day.
    r'[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32}|nonce="[^"]+"|\d{1,2}:\d{2}(?::\d{2})?'
)
ANOTHER_EACH_TIME = ("/account/factors/authenticators/new", "/metrics", "/sign-out")


@pytest.fixture(scope="module")
def school(
    postgres: EmbeddedServer,
    template: str,
    make_settings: Callable[..., Settings],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Settings, Database]]:
    with _throwaway(postgres, template) as name:
        folder: Path = tmp_path_factory.mktemp("demo")
        settings = make_settings(name, data_dir=folder, pace_factor=10_000)
        database = Database(settings)
        seed_demo_school(database, settings, seed=1, students=STUDENTS, moment=MOMENT)
        yield settings, database
        database.close()


def shown(client: Client, address: str) -> tuple[int, str]:
    answer = client.get(address)
    kind = answer.headers.get("content-type", "")
    body = MARKUP.sub("", answer.text) if "text" in kind or "json" in kind else kind
    return answer.status_code, f"{answer.headers.get('location', '')}\n{body}"


@time_machine.travel(MOMENT, tick=True)
@pytest.mark.parametrize("whose", ["the student of the guide", "who left", "who awaits a decision"])
def test_every_page_is_the_same_with_the_role_and_without(
    school: tuple[Settings, Database], whose: str
) -> None:
    settings, database = school
    app = create_app(settings, database)
    client = Client(app, base_url=settings.app_origin, follow_redirects=False)
    with database.begin() as session:
        left = "(SELECT user_id FROM withdrawals)"
        filed = "(SELECT student_id FROM complaints UNION SELECT user_id FROM transcripts)"
        condition = {
            "the student of the guide": text(f"users.email = '{people.STUDENT.email}'"),
            "who left": text(f"users.id IN {left}"),
            "who awaits a decision": text(f"users.id IN {filed} AND users.id NOT IN {left}"),
        }[whose]
        student = session.scalars(
            select(User).where(User.role == "student", User.deleted_at.is_(None), condition).order_by(User.id)
        ).first()
        assert student is not None
        session.expunge(student)
    with database.sessions() as session:
        sign_in_directly(session, client, student)
    plain = [one.path for one in every_route(app) if one.method == "GET" and "{" not in one.path]
    queue = deque(["/", *plain])
    seen, alike, asked, wrong = set(queue), dict[str, int](), 0, list[str]()
    while queue:
        address = queue.popleft()
        if address.startswith(ANOTHER_EACH_TIME):
            continue
        found = {}
        for role in (False, True):
            app.state.settings = app.state.settings.model_copy(update={"student_role": role})
            found[role] = shown(client, address)
        asked += 1
        if found[True] != found[False]:
            lines = unified_diff(found[False][1].splitlines(), found[True][1].splitlines(), lineterm="", n=0)
            differ = "\n".join(list(lines)[2:8])
            wrong.append(f"{address}: {found[False][0]}, {found[True][0]}\n{differ}"[:600])
        for link in LINK.findall(found[False][1]):
            target = urlsplit(urljoin(settings.app_origin + address, link.replace("&amp;", "&")))
            if target.netloc != urlsplit(settings.app_origin).netloc or "/static/" in target.path:
                continue
            there = f"{target.path}?{target.query}" if target.query else target.path
            kind = re.sub(r"\d+", "N", target.path)
            if there not in seen and alike.setdefault(kind, 0) < MOST_ALIKE:
                alike[kind] += 1
                seen.add(there)
                queue.append(there)
    assert not wrong, "\n\n".join(wrong)
    assert asked > 100
