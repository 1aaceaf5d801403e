"""The school's side of the engine's port: where statements are kept, whose keys count, who has an account."""

import hashlib
import re
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import BinaryIO
from uuid import uuid4

from app.core import limits, refusals
from app.core.actions import Action
from app.core.errors import Problem
from app.core.files import FileStore, claims, intake, open_store, quota
from app.core.files.claims import Retention
from app.core.files.scanner import Infected
from app.core.limits import Limit, network_of
from app.db.session import Database, libpq_url
from app.lrs.engine.agents.service import Directory
from app.lrs.engine.api import LrsApp
from app.lrs.engine.operations import Execute, Operation, Query
from app.lrs.engine.port import KeyRecord, Port
from app.lrs.engine.refusal import Refusal
from app.lrs.host import queries
from app.settings import Settings

__internal__ = "wiring between the record store and the school"

SCHOOL = "aada-lms"
"""Account name of the Agent on whose authority the school's own statements are stored."""
WRONG_KEYS = Limit(
    "wrong LRS keys from an address",
    60,
    timedelta(minutes=15),
    "Too many requests with a wrong key or secret from this address. Correct the API key, wait {wait}, and send the "
    "request again.",
)
_MBOX = "mbox::mailto:"
_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


class People:
    """Which agents are the school's people, and which is the school itself."""

    def __init__(self, app_origin: str) -> None:
        """The school's accounts are numbered below the address that was fixed at its first start; before that, below
        `app_origin`.
        """
        self._prefix = f"account::{app_origin} "
        self._fixed = False

    def accounts_of(self, identities: Collection[str]) -> Operation[dict[str, int]]:
        """See `Port.accounts_of`: by email address, by its SHA-1, or by our own number."""
        if not self._fixed:
            for (home_page,) in (yield Query(queries.HOME_PAGE)):
                self._prefix, self._fixed = f"account::{home_page} ", True
        result: dict[str, int] = {}
        by_email = {name[len(_MBOX) :].lower(): name for name in identities if name.startswith(_MBOX)}
        if by_email:
            for email, user_id in (yield Query(queries.USERS_BY_EMAIL, (list(by_email),))):
                result[by_email[email]] = user_id
        start = len(self._prefix)
        numbers = (name[start:] for name in identities if name.startswith(self._prefix))
        by_id = {int(number): self._prefix + number for number in numbers if _NUMBER.fullmatch(number)}
        if by_id:
            for (user_id,) in (yield Query(queries.USERS_BY_ID, (list(by_id),))):
                result[by_id[user_id]] = user_id
        hashes = {name for name in identities if name.startswith("sha1::")}
        if hashes:
            for user_id, email in (yield Query(queries.ALL_EMAILS)):
                name = f"sha1::{hashlib.sha1(f'mailto:{email}'.encode()).hexdigest()}"  # noqa: S324 -- xAPI's choice
                if name in hashes:
                    result[name] = user_id
        return result

    def is_own_authority(self, identity: str) -> bool:
        """See `Port.is_own_authority`: whatever address the school had when the statement was recorded."""
        return identity.startswith("account::") and identity.endswith(f" {SCHOOL}")


class Host(People):
    """The school as the engine sees it (`Port`)."""

    def __init__(self, settings: Settings, database: Database) -> None:
        super().__init__(settings.app_origin)
        self._database = database
        self.database_url = libpq_url(settings.app_database_url)
        self.files: FileStore = open_store(settings)
        self.secrets = settings.secret_keys

    def find_key(self, key: str) -> Operation[KeyRecord | None]:
        """See `Port.find_key`."""
        for row in (yield Query(queries.KEY, (key,))):
            return KeyRecord(row[0], row[1], frozenset(row[2]), *row[3:])
        return None

    def count_failure(self, address: str | None) -> Operation[tuple[int, str] | None]:
        """See `Port.count_failure`."""
        claims = [(WRONG_KEYS, network_of(address) or "unknown")]
        asked = limits.arguments(claims)
        if (yield Query(limits.TAKE, asked)):
            return None
        rows = yield Query(limits.FULL_AT, asked)
        wait = limits.longest_wait(claims, [(key, full_at) for key, full_at in rows])
        return wait.seconds, wait.problem().detail

    def admit(self, files: Sequence[BinaryIO], address: str | None) -> None:
        """See `Port.admit`."""
        try:
            found = [intake.examine_file(self.files, file) for file in files]
            with self._database.begin() as session:
                quota.require_room(session, found)
                # Room is taken now, in turn with other uploads; the statement's own claim takes over from it.
                claims.claim_all(
                    session,
                    [(one, None) for one in found],
                    room="lrs.incoming",
                    row=str(uuid4()),
                    retention=Retention.TEMPORARY,
                )
        except Problem as problem:
            if isinstance(problem, Infected):
                refusals.note(self._database, _infected(problem, address))
            raise Refusal(problem.detail, status=problem.status, headers=problem.headers) from None

    def record_key_use(self, key_id: int) -> Operation[None]:
        """See `Port.record_key_use`; at most once a minute for each key."""
        yield Execute(queries.RECORD_KEY_USE, (key_id,))


def _infected(found: Infected, address: str | None) -> refusals.Refusal:
    return refusals.Refusal(
        Action.FILE_INFECTED,
        "/xapi/statements",
        found.signature,
        network_of(address),
        {"signature": found.signature, "route": "/xapi/statements"},
        folded={"signature": "several"},
    )


def lrs_app(settings: Settings, database: Database) -> LrsApp:
    """The school's LRS as an ASGI application, to be mounted at `/xapi`."""
    port: Port = Host(settings, database)
    return LrsApp(port)


def directory_of(app_origin: str) -> Directory:
    """A memory of actors and activities for one transaction or one import on the school's database."""
    return Directory(People(app_origin))
