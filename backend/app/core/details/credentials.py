"""Details of what happens to credentials."""

from typing import Literal

from app.core.details.base import Details, Named


class Awarded(Details):
    """The type and the serial number."""

    name: str
    serial: str


class Replaced(Awarded):
    """By which other credential."""

    by: str


class Shared(Details):
    serial: str | None


class Expiring(Awarded):
    """How many days before its end the reminder was due."""

    days: int


class BulkAsked(Details):
    """A class's credentials, asked for at once."""

    name: str
    count: int


class Fetched(Details):
    serial: str | None
    form: Literal["badge", "image", "diploma"]


CREDENTIAL_BULK_REQUESTED = (
    "credential.bulk_requested",
    "credential_types",
    "Credentials of a class requested",
    BulkAsked,
)
CREDENTIAL_FETCHED = ("credential.fetched", "credentials", "Credential downloaded", Fetched)
CREDENTIAL_ISSUED = ("credential.issued", "credentials", "Credential issued", Awarded)
CREDENTIAL_REMINDED = (
    "credential.reminded",
    "credentials",
    "Reminder of an expiring credential sent",
    Expiring,
)
CREDENTIAL_REPLACED = ("credential.replaced", "credentials", "Credential replaced", Replaced)
CREDENTIAL_REVOKED = ("credential.revoked", "credentials", "Credential revoked", Awarded)
CREDENTIAL_SHARED = ("credential.shared", "credentials", "Credential shared", Shared)
CREDENTIAL_TYPE_CHANGED = (
    "credential_type.changed",
    "credential_types",
    "Type of credential changed",
    Named,
)
CREDENTIAL_UNSHARED = ("credential.unshared", "credentials", "Credential no longer shared", Shared)
