"""Asks the whole API what its own description allows and forbids, as a signed-in administrator of a scratch school.

    cd backend && ../.venv/bin/python -m tools.api_cases [cases=10000] [--seed N] [--only TEXT]

Schemathesis makes the cases from /api/v1/openapi.json: half of them fit the description, half break it in one
place. They go over real connections to a school that is made for this and thrown away. Any answer of 500 or more is
printed with the request that brought it, as a curl command, and the exit status is then 1.
"""

import argparse
import secrets
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import hypothesis
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given
from hypothesis.errors import Unsatisfiable
from requests import RequestException, Session
from schemathesis import Case, GenerationMode
from sqlalchemy import select, text

from app.core import clock
from app.core.permissions import Role
from app.core.tokens import new_token
from app.db.models import User, UserSession
from app.db.session import Database
from app.demo import seed_demo_school
from app.main import create_app
from app.ops import migrations, roles
from app.ops.http_protocol import BoundedHeadProtocol
from app.ops.postgres import EmbeddedServer
from app.settings import Settings

COOKIE = "aada_session"
NEAR = 15
"""Numbers in addresses are brought below this, so that there often is something there."""
SECONDS = 60
"""How long one answer may take."""


@dataclass
class Found:
    """How the cases ended: how many by status, and those that ended badly, as curl commands."""

    by_status: Counter[int] = field(default_factory=Counter)
    unsendable: int = 0
    """Cases that no HTTP client can put on the wire."""
    bad: dict[str, str] = field(default_factory=dict)
    """For each operation and status the first request that brought it."""

    @property
    def cases(self) -> int:
        return self.by_status.total()


def run(url: str, cases: int, enter: Callable[[], str], *, seed: int = 1, only: str = "") -> Found:
    """Ask about `cases` times in all, shared evenly by the operations; `enter` opens a session, as its secret.

    Each operation begins with a session of its own, and one that a case has ended is followed by another.
    """
    schema = schemathesis.openapi.from_url(f"{url}/api/v1/openapi.json")
    operations = [
        operation
        for operation in (result.ok() for result in schema.get_all_operations())
        if only in operation.label
    ]
    each = -(-cases // (2 * max(1, len(operations))))
    found, client, secret = Found(), Session(), enter()
    client.trust_env = False

    def ask(case: Case) -> None:
        nonlocal secret
        for name, value in case.path_parameters.items():
            if isinstance(value, int) and not isinstance(value, bool) and value > 0:
                case.path_parameters[name] = value % NEAR + 1
        try:
            answer = case.call(session=client, cookies={COOKIE: secret}, timeout=SECONDS)
        except (RequestException, UnicodeError, ValueError) as error:
            if isinstance(error, RequestException) and not isinstance(error, ValueError):
                found.bad.setdefault(f"{case.operation.label} {type(error).__name__}", case.as_curl_command())
            found.unsendable += 1
            return
        found.by_status[answer.status_code] += 1
        if answer.status_code >= 500:
            name = f"{case.operation.label} {answer.status_code}"
            found.bad.setdefault(name, f"{case.as_curl_command()}\n    {answer.text[:300]}")
        elif answer.status_code == 401:
            secret = enter()

    for operation in operations:
        secret = enter()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            test = hypothesis.settings(
                max_examples=each, deadline=None, database=None, phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )(hypothesis.seed(seed)(given(operation.as_strategy(generation_mode=mode))(ask)))  # fmt: skip
            try:
                test()
            except Unsatisfiable:
                continue  # an operation that takes nothing cannot be asked wrongly
    return found


@contextmanager
def scratch_school() -> Iterator[tuple[str, Settings, Database]]:
    """The demo school, small, served on a free port: its address, settings and database."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as listener:
        Path(folder).chmod(0o711)
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        with EmbeddedServer(Path(folder) / "postgres", durable=False) as server:
            server.ensure_database()
            settings = Settings(
                _env_file=None,
                database_url=server.url(),
                secret_key=secrets.token_hex(32),
                aada_app_password=secrets.token_hex(16),
                data_dir=Path(folder) / "data",
                app_origin=f"http://localhost:{port}",
                content_origin=f"http://127.0.0.1:{port}",
                bcrypt_rounds=4,
                log_level="ERROR",
            )
            migrations.upgrade(settings)
            roles.set_app_password(settings)
            database = Database(settings)
            seed_demo_school(database, settings, students=12)
            with _served(settings, database, listener):
                yield settings.app_origin, settings, database
            database.close()


@contextmanager
def _served(settings: Settings, database: Database, listener: socket.socket) -> Iterator[None]:
    config = uvicorn.Config(
        create_app(settings, database), http=BoundedHeadProtocol, log_config=None, timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.05)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)


def administrator(database: Database) -> Callable[[], str]:
    """What opens a session of the school's first administrator, and forgets what was counted against their pace."""

    def enter() -> str:
        clear, hashed = new_token()
        with database.begin() as session:
            user_id = session.scalar(
                select(User.id).where(User.role == Role.ADMIN, User.deleted_at.is_(None)).order_by(User.id)
            )
            session.add(
                UserSession(user_id=user_id, token_hash=hashed, expires_at=clock.now() + timedelta(days=1))
            )
            session.execute(text("DELETE FROM limit_counters"))
        return clear

    return enter


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("cases", nargs="?", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1, help="another number makes other cases")
    parser.add_argument("--only", default="", help="operations whose name holds this, such as 'POST /api'")
    options = parser.parse_args()
    begun = time.monotonic()
    with scratch_school() as (url, _settings, database):
        found = run(url, options.cases, administrator(database), seed=options.seed, only=options.only)
    statuses = ", ".join(f"{status}: {number}" for status, number in sorted(found.by_status.items()))
    print(
        f"{found.cases} cases in {time.monotonic() - begun:.0f} s; {statuses}; {found.unsendable} not sendable"
    )
    for name, request in sorted(found.bad.items()):
        print(f"\n{name}\n    {request}")
    return 1 if found.bad or found.cases < options.cases // 2 else 0


if __name__ == "__main__":
    sys.exit(main())
