"""The settings the embedded server runs with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from app.ops.postgres.identity import ServerUser

FILE_NAME = "aada.conf"

# Sized for one school on one machine: program and database together stay below 350 MB when idle.
_DEFAULTS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "100",
    "password_encryption": "scram-sha-256",
    "shared_buffers": "64MB",
    "effective_cache_size": "512MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    # No statement of a page runs so long that compiling it would pay.
    "jit": "off",
    "random_page_cost": "1.1",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %u@%d ",
    # The log of slow queries. What they are asked with is people's names and addresses, and stays out of it.
    "log_min_duration_statement": "1000",
    "log_parameter_max_length": "0",
    "log_lock_waits": "on",
    "idle_in_transaction_session_timeout": "5min",
}

# Ready for incremental base backups and point-in-time recovery, without a restart to turn them on.
_DURABLE = {
    "wal_level": "replica",
    "summarize_wal": "on",
    "wal_compression": "zstd",
    "max_wal_senders": "10",
    "max_slot_wal_keep_size": "4GB",
    "max_wal_size": "512MB",
    "min_wal_size": "80MB",
}

# For tests: nothing survives a power cut, and nothing waits for the disk.
_THROW_AWAY = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "max_connections": "200",
    "log_min_duration_statement": "-1",
}


def write(
    data: Path,
    user: ServerUser,
    *,
    port: int,
    sockets: Path | None,
    durable: bool,
    preload: tuple[str, ...],
    extra: Mapping[str, str],
) -> None:
    """Write `aada.conf` into the data directory and see that `postgresql.conf` includes it.

    The file is rewritten at each start. What an operator adds to `postgresql.conf` below the include
    line, or sets with ALTER SYSTEM, comes later and wins.
    """
    chosen = _DEFAULTS | (_DURABLE if durable else _THROW_AWAY)
    chosen |= {
        "port": str(port),
        "unix_socket_directories": str(sockets) if sockets else "",
        "unix_socket_permissions": "0700",
        "shared_preload_libraries": ",".join(preload),
    }
    chosen |= extra
    lines = [f"{name} = {_quoted(value)}" for name, value in chosen.items()]
    header = "# Written by aada at each start. Put your own settings at the end of postgresql.conf.\n"
    _write(data / FILE_NAME, header + "\n".join(lines) + "\n", user)
    main = data / "postgresql.conf"
    include = f"include_if_exists = '{FILE_NAME}'\n"
    text = main.read_text(encoding="utf-8")
    if include not in text:
        _write(main, f"{text.rstrip()}\n\n{include}", user)


def _write(path: Path, text: str, user: ServerUser) -> None:
    # The directory is the server user's. When we are root, a link planted there must not lead us elsewhere.
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        if user.is_other:
            os.fchown(handle, user.uid, user.gid)
        stream.write(text)


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def write_private(path: Path, text: str) -> None:
    """One line in a file of its own that nobody else may read, on disk when this returns."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(f"{text}\n")
        stream.flush()
        os.fsync(handle)
