"""The backups: how old the newest is, whether it is sound, and whether a lost disk would take it along."""

from __future__ import annotations

from collections.abc import Iterator

from app.core import clock
from app.ops import demo_data
from app.ops.backup import drill, second, standing
from app.ops.backup.offsite import copy as offsite
from app.ops.backup.offsite.bucket import Protection, bucket_of
from app.ops.backup.offsite.keys import Lock
from app.ops.backup.place import place_of
from app.ops.doctor.findings import Finding, Installation, ok, problem, warning
from app.ops.errors import OperatorError
from app.web.formats import local_time

_RUNBOOK = "docs/runbooks/restore.md"
_SETTINGS = "See the settings that begin with BACKUP_S3_ in .env, then run aada backup copy."


def age(known: Installation) -> Iterator[Finding]:
    """Would a lost disk lose more than a day?"""
    settings = known.settings
    if not known.embedded:
        yield warning(
            "Backup",
            "No backup is made by the system, and backups of your own cannot be seen from here.",
            "Make one every night and copy it to another machine: docs/runbooks/database.md. Try to restore it.",
        )
        return
    if _is_demo(known):
        yield ok("Backup", "The demo school is not backed up by itself.")
        return
    place = place_of(settings)
    backups = place.backups()
    sound = [one for one in backups if one.fault is None]
    damaged = [one for one in backups if one.fault is not None]
    if damaged:
        yield problem(
            "Backup",
            f"{damaged[-1].id} is damaged ({damaged[-1].fault}). It is not used any more.",
            "Run: aada backup verify. Then look for what is wrong with the disk, and run: aada backup now --full",
        )
    if not sound:
        yield problem(
            "Backup", f"There is no backup in {place.folder} yet.", "Make the first one: aada backup now"
        )
        return
    newest = max(one.ended_at for one in sound)
    when = local_time(newest, settings.zone)
    if clock.now() - newest > standing.OLDEST:
        yield problem(
            "Backup",
            f"The newest backup is of {when}.",
            "Run aada backup now, and see what it says. The log of aada serve says why none was made since.",
        )
    else:
        yield ok("Backup", f"The newest is of {when}, in {place.folder}.")
    if settings.backup_schedule and standing.log_stopped(place.horizon):
        yield warning(
            "Backup",
            "The write-ahead log has not been received for more than 15 minutes: what was entered since the newest "
            "backup lies on one disk alone.",
            "See that aada serve runs, and what its log says of the backups.",
        )
    if _same_disk(known):
        yield warning(
            "Backup",
            f"{place.folder} is on the disk that the database is on: a lost disk loses both.",
            f"Name a folder on another disk in BACKUP_DIR, or copy the folder to another machine: {_RUNBOOK}",
        )


def drilled(known: Installation) -> Iterator[Finding]:
    """Has a backup been restored lately, to see that it can be?"""
    if not known.embedded or _is_demo(known):
        return
    place, settings = place_of(known.settings), known.settings
    last = drill.last(place)
    if last is None:
        yield warning(
            "Restore drill",
            "No backup has been restored yet, to see that it can be.",
            "Run: aada backup drill",
        )
    elif last.fault is not None:
        yield problem(
            "Restore drill",
            f"On {local_time(last.at, settings.zone)} it failed: {last.fault}.",
            f"Run aada backup verify and aada backup now --full, then aada backup drill ({_RUNBOOK}).",
        )
    elif clock.now() - last.at > drill.STALE:
        yield problem(
            "Restore drill",
            f"The last one was on {local_time(last.at, settings.zone)}.",
            "Run aada backup drill. The log of aada serve says why none was made since.",
        )
    else:
        yield ok(
            "Restore drill",
            f"On {local_time(last.at, settings.zone)}, {last.rows:,} rows were restored in "
            f"{last.recovery_seconds:.0f} s and compared.",
        )


def streamed(known: Installation) -> Iterator[Finding]:
    """Does the second place receive, if there is one, and does anybody wait for it?"""
    if known.database is None:
        return
    check, found = "Second place", second.asked(known.database)
    if found.receiving is None and not found.synchronous:
        return
    if found.is_held_up:
        yield problem(
            check,
            "Every change waits for it, and its receiver is not connected.",
            "Start aada backup stream there again, or run: aada backup stream --release (docs/runbooks/stream.md)",
        )
    elif not found.receiving:
        yield warning(
            check,
            "Its receiver is not connected; the server keeps up to 4 GB of log for it.",
            "Start aada backup stream there again, or give it up: aada backup stream --forget",
        )
    else:
        waits = "every change waits until it has arrived" if found.synchronous else "no change waits for it"
        yield ok(check, f"It receives the log; {waits}.")


def copied(known: Installation) -> Iterator[Finding]:
    """Would the school come back if this machine and its disks were gone?"""
    settings = known.settings
    if not known.embedded or settings.backup_s3_bucket is None or _is_demo(known):
        return
    check, place = "Copy of the backups", place_of(settings)
    protection: Protection | None = None
    try:
        Lock.of(settings.backup_s3_recipient)
        bucket = bucket_of(settings)
        protection = bucket.protection() if bucket is not None and known.network else None
    except OperatorError as error:
        yield problem(check, str(error), _SETTINGS)
    state = offsite.state(place)
    if standing.copy_stopped(state):
        when = f"on {local_time(state.at, settings.zone)}" if state.at else "never"
        yield problem(
            check,
            f"All of it was last in the bucket {when}." + (f" {state.fault}" if state.fault else ""),
            "The running system sends it each minute; the first time may take hours. Its log says what is wrong, and "
            "so does aada backup copy while it is stopped.",
        )
    else:
        yield ok(check, f"All of it was in the bucket {settings.backup_s3_bucket} within the last hours.")
    if state.remark is not None:
        yield warning(check, state.remark, "Let the access key delete objects, or remove old ones yourself.")
    if protection is not None:
        yield from _protected(check, protection)


def _protected(check: str, protection: Protection) -> Iterator[Finding]:
    """Could somebody with this machine's access key destroy the copy?"""
    if protection.versioned is False:
        yield warning(
            check,
            "The bucket keeps no older versions: whoever has this machine’s access key can destroy the copy.",
            "Turn on versioning at the store, and a lock of 30 days on its objects: docs/guides/operator.md",
        )
    elif protection.versioned is None or protection.locked is None:
        yield warning(
            check,
            "The access key may not ask whether the bucket keeps and locks older versions.",
            "Let it read both (s3:GetBucketVersioning, s3:GetBucketObjectLockConfiguration), or see at the store.",
        )
    elif not protection.locked:
        yield warning(
            check,
            "The bucket keeps older versions, and nothing keeps the access key from removing those too.",
            "Set a default lock (object lock, governance or compliance) of 30 days: docs/guides/operator.md",
        )


def _is_demo(known: Installation) -> bool:
    return known.database is not None and demo_data.accounts_on(known.database).is_demo_school


def _same_disk(known: Installation) -> bool:
    folder, data = place_of(known.settings).folder, known.settings.data_dir
    try:
        return folder.stat().st_dev == data.stat().st_dev
    except OSError:
        return False
