"""Shapes of the student's file."""

import re
from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from starlette.datastructures import UploadFile

from app.accounts.schemas import Email
from app.web.field_types import Line, blank_is_none, chosen

Name = Annotated[Line, Field(max_length=100)]
OptionalName = Annotated[Name | None, BeforeValidator(blank_is_none)]
OptionalLine = Annotated[Annotated[Line, Field(max_length=120)] | None, BeforeValidator(blank_is_none)]
_NO_LETTER_OR_DIGIT = re.compile(r"[\s().\-–/]")
_STATES = frozenset(
    re.findall(
        "..",
        "ALAKAZARCACOCTDEDCFLGAHIIDILINIAKSKYLAMEMDMAMIMNMSMOMTNENVNHNJNMNYNCNDOHOKORPARISCSDTNTXUTVTVAWAWVWIWY"
        "ASGUMPPRVIAAAEAP",
    )
)


def phone_digits(text: str) -> str:
    """A telephone number's digits with the country's. Raises ValueError with a sentence.

    A number of ten digits is American (North American Numbering Plan: neither area nor exchange begins with 0 or 1);
    one of another country begins with +.
    """
    plain = _NO_LETTER_OR_DIGIT.sub("", text)
    abroad = plain.startswith("+")
    digits = plain.removeprefix("+")
    wrong = ValueError(
        "Enter a phone number such as (404) 555-0134, or +52 55 1234 5678 for another country."
    )
    if not re.fullmatch(r"[0-9]{7,15}", digits):
        raise wrong
    if abroad and not digits.startswith("1"):
        return digits
    national = digits.removeprefix("1") if len(digits) == 11 else digits
    if not re.fullmatch(r"[2-9][0-9]{2}[2-9][0-9]{6}", national):
        raise wrong
    return f"1{national}"


def phones_meant(text: str) -> tuple[str, ...]:
    """The digits of the numbers that somebody may look for by this: with the country's 1 and as it stands, for a number
    of another country without its +. None of them where it is no telephone number."""
    digits = _NO_LETTER_OR_DIGIT.sub("", text).removeprefix("+")
    return (digits, f"1{digits}") if re.fullmatch(r"[0-9]{7,15}", digits) else ()


def _phone(text: str) -> str:
    phone_digits(text)
    return text


Phone = Annotated[Line, Field(max_length=40), AfterValidator(_phone)]


class AddressKind(StrEnum):
    HOME = "home"
    MAILING = "mailing"
    BILLING = "billing"
    OTHER = "other"


class PhoneKind(StrEnum):
    MOBILE = "mobile"
    HOME = "home"
    WORK = "work"
    OTHER = "other"


class ContactKind(StrEnum):
    """The parts of the contact information, as they stand in addresses of pages."""

    ADDRESS = "addresses"
    PHONE = "phones"
    EMERGENCY = "emergency-contacts"

    @property
    def label(self) -> str:
        """One of them as a page names it."""
        return {"addresses": "address", "phones": "phone", "emergency-contacts": "emergency contact"}[
            self.value
        ]


class AddressForm(BaseModel):
    """A postal address."""

    kind: AddressKind = AddressKind.HOME
    line1: Annotated[Line, Field(title="Street address", max_length=120)]
    line2: Annotated[OptionalLine, Field(title="Apartment or unit")] = None
    city: Annotated[Line, Field(max_length=80)]
    state: Annotated[OptionalLine, Field(title="State")] = None
    postal_code: Annotated[OptionalLine, Field(title="ZIP code")] = None
    country: Annotated[str, Field(pattern="^[A-Za-z]{2}$", max_length=2)] = "US"
    is_primary: Annotated[bool, Field(title="Primary address")] = False

    @model_validator(mode="after")
    def _american(self) -> "AddressForm":
        self.country = self.country.upper()
        if self.country != "US":
            return self
        self.state = (self.state or "").upper() or None
        if self.state not in _STATES:
            raise ValueError("Enter the two-letter state of a United States address, such as GA.")
        if not re.fullmatch(r"[0-9]{5}(-[0-9]{4})?", self.postal_code or ""):
            raise ValueError("Enter the ZIP code of a United States address, such as 30303 or 30303-1234.")
        return self


class PhoneForm(BaseModel):
    """A telephone number."""

    kind: PhoneKind = PhoneKind.MOBILE
    number: Annotated[Phone, Field(title="Phone number")]
    is_primary: Annotated[bool, Field(title="Primary phone")] = False


class EmergencyContactForm(BaseModel):
    """Whom to call in an emergency."""

    name: Annotated[Line, Field(title="Full name", max_length=120)]
    relationship: Annotated[Line, Field(max_length=60)]
    phone: Annotated[Phone, Field(title="Phone number")]
    email: Annotated[Email | None, BeforeValidator(blank_is_none), Field(title="Email address")] = None


ContactForm = AddressForm | PhoneForm | EmergencyContactForm


class NameParts(BaseModel):
    """A legal name in its parts. A person with one name has a last name alone."""

    first_name: Annotated[OptionalName, Field(title="First name")] = None
    middle_name: Annotated[OptionalName, Field(title="Middle names")] = None
    last_name: Annotated[Name, Field(title="Last name")]
    name_suffix: Annotated[OptionalName, Field(title="Suffix")] = None

    @property
    def full_name(self) -> str:
        """The parts in the order they are written."""
        return " ".join(p for p in (self.first_name, self.middle_name, self.last_name, self.name_suffix) if p)


class DetailsForm(BaseModel):
    """What the office keeps: the legal name taken apart, the preferred name, the birth date."""

    first_name: Annotated[OptionalName, Field(title="First name")] = None
    middle_name: Annotated[OptionalName, Field(title="Middle names")] = None
    last_name: Annotated[OptionalName, Field(title="Last name")] = None
    name_suffix: Annotated[OptionalName, Field(title="Suffix")] = None
    preferred_name: Annotated[OptionalName, Field(title="Preferred name")] = None
    birth_date: Annotated[date | None, BeforeValidator(blank_is_none), Field(title="Birth date")] = None


class PreferredNameForm(BaseModel):
    """What a student wants to be called."""

    preferred_name: Annotated[OptionalName, Field(title="Preferred name")] = None


class PhotoForm(BaseModel):
    """The upload of a photo."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    photo: Annotated[UploadFile, chosen("Choose a photo: a JPEG, PNG or WebP file.")]
