"""The system user the embedded server runs as. PostgreSQL refuses to run as root."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from app.ops.errors import OperatorError

CREATED_USER = "aada-postgres"


class Credentials(TypedDict, total=False):
    """The arguments of `subprocess` that change the user; empty when nothing has to change."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class ServerUser:
    """A system user: `uid`, `gid` and `name`."""

    uid: int
    gid: int
    name: str

    @property
    def is_other(self) -> bool:
        """Whether the server's user differs from the one this program runs as."""
        return self.uid != os.geteuid()

    @property
    def credentials(self) -> Credentials:
        if not self.is_other:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give `path` to this user."""
        if self.is_other:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def can_reach(self, path: Path) -> bool:
        """Whether every directory on the way to `path`, and `path` itself, may be entered by this user."""
        resolved = path.resolve()
        return all(self._may_enter(folder) for folder in (resolved, *resolved.parents) if folder.is_dir())

    def _may_enter(self, folder: Path) -> bool:
        status = folder.stat()
        if status.st_uid == self.uid:
            return bool(status.st_mode & 0o100)
        if status.st_gid == self.gid:
            return bool(status.st_mode & 0o010)
        return bool(status.st_mode & 0o001)


def server_user(data: Path) -> ServerUser:
    """Who runs the server on `data`: the person who starts it, or, when that is root, the owner of the data.

    Root starting a new database uses the system's `postgres` user, or one created for the purpose (a user
    without a passwd entry will not do: PostgreSQL looks its name up).
    """
    if os.geteuid() != 0:
        return ServerUser(os.geteuid(), os.getegid(), _name(os.geteuid()))
    if data.exists():
        owner = data.stat()
        if owner.st_uid != 0:
            return ServerUser(owner.st_uid, owner.st_gid, _name(owner.st_uid))
    for name in ("postgres", CREATED_USER):
        found = _lookup(name)
        if found is not None:
            return found
    _create_user()
    created = _lookup(CREATED_USER)
    if created is None:
        raise OperatorError(
            "PostgreSQL does not run as root and no system user could be created for it: run this as an "
            "ordinary user, or create a system user called 'postgres'."
        )
    return created


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError as error:
        raise OperatorError(
            f"User id {uid} has no entry in the password database, and PostgreSQL needs one: add the user."
        ) from error


def _lookup(name: str) -> ServerUser | None:
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        return None
    return ServerUser(entry.pw_uid, entry.pw_gid, entry.pw_name)


def _create_user() -> None:
    if shutil.which("useradd"):
        command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    elif shutil.which("adduser"):
        command = ["adduser", "-S", "-D", "-H", "-s", "/sbin/nologin"]
    else:
        return
    subprocess.run([*command, CREATED_USER], capture_output=True, check=False)
