"""What the institution says of itself: the frozen answer that documents, mails and pages work with."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who signs for the school, both days included; `last_day` is None for one who still does."""

    id: int
    name: str
    title: str
    first_day: date
    last_day: date | None

    def signs_on(self, day: date) -> bool:
        return self.first_day <= day and (self.last_day is None or day <= self.last_day)


@dataclass(frozen=True, slots=True)
class Logo:
    """The school's logo in the file store: SHA-256 and `image/png`, `image/jpeg` or `image/svg+xml`.

    What is stored has been checked and made inert: no scripts, no references to other files, no hidden metadata.
    """

    sha256: str
    media_type: str


@dataclass(frozen=True, slots=True)
class SchoolFacts:
    """The institution's facts as they are now. A text that nobody has entered is empty."""

    legal_name: str
    short_name: str
    zone: ZoneInfo
    address_lines: tuple[str, ...] = ()
    city: str = ""
    state: str = ""
    zip_code: str = ""
    phone: str = ""
    website: str = ""
    authorization_number: str = ""
    """Number of the certificate of authorization of the Georgia Nonpublic Postsecondary Education Commission."""
    fiscal_year_month: int = 1
    fiscal_year_day: int = 1
    primary_color: str = "#1f4e79"
    accent_color: str = "#b8860b"
    logo: Logo | None = None
    signatories: tuple[Signatory, ...] = ()
    """Present, past and future ones, the earliest first."""

    @property
    def postal_lines(self) -> tuple[str, ...]:
        """The address as on an envelope, without the name: `100 Peachtree St`, `Atlanta, GA 30303`."""
        region = " ".join(part for part in (self.state, self.zip_code) if part)
        place = ", ".join(part for part in (self.city, region) if part)
        return (*self.address_lines, place) if place else self.address_lines

    def signatory_on(self, day: date) -> Signatory | None:
        """Who signs on that day: of several, the one who has signed longest. None when nobody does."""
        return next((one for one in self.signatories if one.signs_on(day)), None)

    def fiscal_year_of(self, day: date) -> tuple[date, date]:
        """First and last day of the fiscal year that `day` lies in."""
        first = self._fiscal_start(day.year)
        if day < first:
            first = self._fiscal_start(day.year - 1)
        following = self._fiscal_start(first.year + 1)
        return first, date.fromordinal(following.toordinal() - 1)

    def _fiscal_start(self, year: int) -> date:
        return date(year, self.fiscal_year_month, self.fiscal_year_day)
