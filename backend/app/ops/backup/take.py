"""Taking a backup: into a folder without a name, checked, on the disk, and named last."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from datetime import datetime
from pathlib import Path

import structlog

from app.core import clock
from app.ops.backup import archive
from app.ops.backup.archive import Damaged
from app.ops.backup.place import ENTRY, MANIFEST, UNFINISHED, Backup, BackupPlace, flush, write_durably
from app.ops.backup.tools import Cluster, Source
from app.ops.errors import OperatorError
from app.rules import backups as rules
from app.rules.backups import BackupKind

_SPARE_BYTES = 64 * 1024 * 1024
_MOST_KILOBYTES_A_SECOND = 1024 * 1024
"""What pg_basebackup takes for --max-rate, at most."""
_FAILED = "The backup could not be made (nothing else was changed; the last good backup is as it was)"
log = structlog.get_logger(__name__)


def take(
    place: BackupPlace, source: Source, kind: BackupKind | None = None, *, calmly: bool = False
) -> Backup:
    """Make a backup and check it; without a kind an incremental one where there is something to build on.

    `calmly`, where nobody waits for it: it reads at a bounded rate, and the checkpoint it begins with takes its time
    (some minutes), so that commits of pages keep their pace.

    Raises OperatorError in a sentence; what was there before is left as it was.
    """
    place.prepare()
    with place.alone():
        for name in place.clear_unfinished():
            log.warning("backup.cut_off_removed", name=name)
        cluster = source.cluster()
        parent = _parent(place, cluster)
        if kind is BackupKind.INCREMENTAL and parent is None:
            raise OperatorError(
                "There is no full backup of this database to build on, or its chain is complete: run "
                "`aada backup now --full`."
            )
        if kind is BackupKind.FULL:
            parent = None
        _require_room(place, cluster, parent)
        return _take(place, source, cluster, parent, calmly=calmly)


def current(place: BackupPlace, cluster: Cluster) -> list[Backup]:
    """The backups of this database on its present timeline, oldest first: those that an incremental can build on."""
    return [
        one
        for one in place.backups()
        if (one.system_identifier, one.timeline) == (cluster.system_identifier, cluster.timeline)
    ]


def _parent(place: BackupPlace, cluster: Cluster) -> Backup | None:
    found = current(place, cluster)
    by_id = {one.id: one.member for one in found}
    for one in reversed(found):
        chain = rules.chain(by_id, one.member)
        if chain is not None:
            return one if len(chain) < rules.LONGEST_CHAIN else None
    return None


def _require_room(place: BackupPlace, cluster: Cluster, parent: Backup | None) -> None:
    """Better refused than the disk filled, which would stop the database where both share one."""
    free = shutil.disk_usage(place.folder).free
    alike = [one.size_bytes for one in current(place, cluster) if (one.parent is None) == (parent is None)]
    needed = _SPARE_BYTES + (alike[-1] if alike else cluster.size_bytes // (4 if parent is None else 40))
    if free < needed:
        raise OperatorError(
            f"There is no room for another backup in {place.folder}: {_megabytes(free)} are free, and about "
            f"{_megabytes(needed)} are needed. Nothing was changed. Free up space there, or name another folder in "
            "BACKUP_DIR."
        )


def _take(
    place: BackupPlace, source: Source, cluster: Cluster, parent: Backup | None, *, calmly: bool
) -> Backup:
    started = clock.now()
    kind = BackupKind.FULL if parent is None else BackupKind.INCREMENTAL
    name = _name(place, started, kind)
    folder = place.base / f"{name}{UNFINISHED}"
    arguments: list[str | Path] = [
        f"--dbname={source.conninfo}",
        f"--pgdata={folder}",
        "--format=tar",
        "--wal-method=stream",
        f"--checkpoint={'spread' if calmly else 'fast'}",
        # Not by the server, whose processes serve pages: who asks for the backup may be slowed down (`gently`).
        "--compress=client-zstd:3",
        "--manifest-checksums=SHA256",
        "--no-password",
        f"--label={name}",
    ]
    if calmly:
        arguments.append(f"--max-rate={_kilobytes_a_second(cluster)}")
    if parent is not None:
        arguments.append(f"--incremental={place.of(parent) / MANIFEST}")
    try:
        source.run("pg_basebackup", arguments, _FAILED)
        archive.compress(folder / "pg_wal.tar")
        ended = clock.now()
        backup = _described(folder, name, kind, parent, (started, ended), cluster)
        archive.verify(folder)
        write_durably(folder / ENTRY, json.dumps(backup.as_json(), indent=2).encode())
        folder.rename(place.of(backup))
        flush(place.base)
    except Damaged as damaged:
        raise OperatorError(f"{_FAILED}: what was written cannot be read back, {damaged}.") from damaged
    except OSError as error:
        raise OperatorError(f"{_FAILED}: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    log.info("backup.made", id=backup.id, size_bytes=backup.size_bytes)
    return backup


def _described(
    folder: Path,
    name: str,
    kind: BackupKind,
    parent: Backup | None,
    times: tuple[datetime, datetime],
    cluster: Cluster,
) -> Backup:
    manifest = archive.read_manifest(folder / MANIFEST)
    wal = manifest["WAL-Ranges"][0]
    return Backup(
        id=name,
        kind=kind,
        parent=None if parent is None else parent.id,
        started_at=times[0],
        ended_at=times[1],
        timeline=int(wal["Timeline"]),
        start_lsn=wal["Start-LSN"],
        end_lsn=wal["End-LSN"],
        system_identifier=int(manifest["System-Identifier"]),
        server_version=cluster.version,
        size_bytes=sum(path.stat().st_size for path in folder.iterdir()),
        restored_bytes=sum(int(one["Size"]) for one in manifest["Files"]),
        manifest_sha256=hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest(),
        verified_at=times[1],
    )


def _name(place: BackupPlace, started: datetime, kind: BackupKind) -> str:
    name = f"{started:%Y%m%dT%H%M%SZ}-{kind}"
    taken = {entry.name for entry in os.scandir(place.base)}
    return next(one for one in (name, *(f"{name}-{more}" for more in range(2, 1000))) if one not in taken)


def _kilobytes_a_second(cluster: Cluster) -> int:
    return min(rules.calm_rate(cluster.size_bytes) // 1024, _MOST_KILOBYTES_A_SECOND)


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1024**2:,.0f} MB"
