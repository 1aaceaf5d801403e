"""Which xAPI version a request speaks, and what the answer says about it (1.0.3 Communication 3.3)."""

from enum import Enum

from app.lrs.engine.refusal import Refusal

HEADER = "X-Experience-API-Version"


class Version(Enum):
    """The two versions on this server, by the text their answers carry."""

    ONE = "1.0.3"
    TWO = "2.0.0"

    @property
    def second(self) -> bool:
        """Whether the rules of version 2.0 (IEEE 9274.1.1) apply."""
        return self is Version.TWO


ANSWERED = ("2.0.0", "1.0.3")
WITHOUT_HEADER = "0.95"
"""What an answer to a request without the header carries: xAPI knew no such header before 1.0, so the
request is taken for one of that time, and refused. The value does not favour either current version."""

ABOUT = ("2.0.0", "1.0.3", "1.0.2", "1.0.1", "1.0.0")


def negotiate(header: str | None) -> Version:
    """The version of a request; `1.0` means the newest 1.0.x. Raises `Refusal` 400 for all others."""
    if header is None:
        raise Refusal(
            f"The header {HEADER} is missing; send 2.0.0 or 1.0.3.", headers={HEADER: WITHOUT_HEADER}
        )
    text = header.strip()
    parts = text.split(".")
    if all(part.isascii() and part.isdigit() for part in parts) and len(parts) in (2, 3):
        if parts[:2] == ["2", "0"]:
            return Version.TWO
        if parts[:2] == ["1", "0"]:
            return Version.ONE
    raise Refusal(f"{HEADER}: {text[:40]} is not supported; send 2.0.0 or 1.0.3.")
