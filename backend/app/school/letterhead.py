"""The school's facts as its documents show them."""

from datetime import date

from app.core.files import FileMissing, FileStore
from app.documents.service import Letterhead, LogoImage
from app.school.facts import SchoolFacts


def letterhead_of(facts: SchoolFacts, files: FileStore, day: date) -> Letterhead:
    """Name, address, logo, colors, and who signs on that day. A logo that is missing from the store is left out."""
    signatory = facts.signatory_on(day)
    logo = None
    if facts.logo is not None:
        try:
            logo = LogoImage(files.read_bytes(facts.logo.sha256), facts.logo.media_type)
        except FileMissing:
            logo = None
    return Letterhead(
        legal_name=facts.legal_name,
        zone=facts.zone,
        address=facts.postal_lines,
        contact=" · ".join(part for part in (facts.phone, facts.website) if part),
        authorization=(
            f"Georgia Nonpublic Postsecondary Education Commission, authorization {facts.authorization_number}"
            if facts.authorization_number
            else ""
        ),
        signatory_name=signatory.name if signatory else "",
        signatory_title=signatory.title if signatory else "Registrar",
        color=facts.primary_color,
        logo=logo,
    )
