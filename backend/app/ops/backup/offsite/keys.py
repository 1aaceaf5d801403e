"""The key pair of the copy in the bucket: the server has the public half alone, and cannot read what it has sent.

The form is age's (https://age-encryption.org/v1): what lies in the bucket can be opened without this system.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from app.core.later import later
from app.ops.errors import OperatorError

if TYPE_CHECKING:
    import pyrage
    from pyrage import x25519
else:
    pyrage, x25519 = later("pyrage"), later("pyrage", "x25519")

_SECRET = "AGE-SECRET-KEY-"  # noqa: S105 - how such a line begins


class Changed(OperatorError):
    """What lies in the bucket is not what was sent."""


@dataclass(frozen=True, slots=True)
class Lock:
    """Closes what is sent to the bucket, for one public key or several."""

    recipients: tuple[x25519.Recipient, ...]

    @classmethod
    def of(cls, text: str | None) -> Lock:
        """From BACKUP_S3_RECIPIENT: public keys, `age1…`, with commas between them. Raises OperatorError."""
        names = [one.strip() for one in (text or "").split(",") if one.strip()]
        if not names:
            raise OperatorError(
                "BACKUP_S3_RECIPIENT is missing: the copy in the bucket is encrypted for that public key. Make a key "
                "with aada backup key FILE. Nothing was copied."
            )
        try:
            return cls(tuple(x25519.Recipient.from_str(one) for one in names))
        except pyrage.RecipientError as error:
            raise OperatorError(
                "BACKUP_S3_RECIPIENT is not a public key such as age1ql3z7hjy54pw3hyww5ay… : use the line that "
                "aada backup key FILE printed. Nothing was copied."
            ) from error

    def close(self, content: bytes) -> bytes:
        return bytes(pyrage.encrypt(content, self.recipients))


@dataclass(frozen=True, slots=True)
class Key:
    """Opens what lies in the bucket."""

    identities: tuple[x25519.Identity, ...]
    path: Path

    @classmethod
    def read(cls, path: Path) -> Key:
        """From a file with lines `AGE-SECRET-KEY-…`, others being comments. Raises OperatorError."""
        try:
            lines = path.read_text(encoding="ascii").split()
            found = tuple(x25519.Identity.from_str(one) for one in lines if one.startswith(_SECRET))
        except OSError as error:
            raise OperatorError(f"{path} cannot be read ({error.strerror}). {_ASK}") from error
        except (pyrage.IdentityError, UnicodeDecodeError) as error:
            raise OperatorError(f"{path} holds no sound key: a character was lost. {_ASK}") from error
        if not found:
            raise OperatorError(f"{path} has no line that begins with {_SECRET}. {_ASK}")
        return cls(found, path)

    def open(self, content: bytes, what: str) -> bytes:
        """Raises OperatorError for another key's content, and Changed for one that is not what was sent."""
        try:
            return bytes(pyrage.decrypt(content, self.identities))
        except pyrage.DecryptError as error:
            if "key" in str(error).lower():
                raise OperatorError(f"The key in {self.path} does not open {what}. {_ASK}") from error
            raise Changed(f"{what} was changed or cut off in the bucket.") from error


_ASK = "Use the file that `aada backup key` wrote when the copy was set up. Nothing was changed."


def new(path: Path) -> str:
    """Write a new secret key to a file that does not exist yet; its public half. Raises OperatorError."""
    identity = x25519.Identity.generate()
    public = str(identity.to_public())
    text = f"# The key to the copy of the backups in the bucket. Public key: {public}\n{identity}\n"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
    except FileExistsError:
        raise OperatorError(
            f"{path} is there already, and a key must not be written over: name another file. Nothing was changed."
        ) from None
    except OSError as error:
        raise OperatorError(
            f"{path} cannot be written ({error.strerror}): name a file in a folder that you may write. No key was made."
        ) from error
    return public
