"""What a document says of the school: name, address, who signs, colors, logo."""

import hashlib
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

_DARK = "#1f2933"
# WCAG 2.2, 1.4.3: text this light is not readable on white for everybody.
_LEAST_CONTRAST = 4.5


@dataclass(frozen=True, slots=True)
class LogoImage:
    """The logo's bytes and kind: `image/png`, `image/jpeg` or `image/svg+xml`."""

    content: bytes
    media_type: str

    @property
    def sha256(self) -> str:
        """Its name in the file store."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def file_name(self) -> str:
        kinds = {"image/png": "png", "image/jpeg": "jpg", "image/svg+xml": "svg"}
        return f"logo.{kinds[self.media_type]}"


@dataclass(frozen=True, slots=True)
class Letterhead:
    """The school as of the day a document is issued. Texts that nobody entered are empty."""

    legal_name: str
    zone: ZoneInfo
    address: tuple[str, ...] = ()
    contact: str = ""
    authorization: str = ""
    signatory_name: str = ""
    signatory_title: str = "Registrar"
    color: str = "#1f4e79"
    logo: LogoImage | None = None

    def as_data(self) -> dict[str, Any]:
        """For the layouts, as `data.school`."""
        alternative = f"Logo of {self.legal_name}"
        return {
            "legal_name": self.legal_name,
            "address": list(self.address),
            "contact": self.contact,
            "authorization": self.authorization,
            "accent": readable(self.color),
            "logo": {"file": self.logo.file_name, "alt": alternative} if self.logo else None,
        }

    @property
    def files(self) -> dict[str, bytes]:
        """What the layouts read as `/files/…`."""
        return {self.logo.file_name: self.logo.content} if self.logo else {}


def readable(color: str) -> str:
    """The color if text in it can be read on white, else a dark gray. `#rrggbb`."""
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return color if 1.05 / (luminance + 0.05) >= _LEAST_CONTRAST else _DARK
