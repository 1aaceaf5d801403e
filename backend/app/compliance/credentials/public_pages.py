"""What everybody may open: verify a credential, a credential that is shared, and what other systems read."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import JSONResponse

from app.compliance.credentials.holders import service as holders
from app.compliance.credentials.public import service
from app.compliance.credentials.public.service import Answer
from app.compliance.credentials.schemas import VerifyForm
from app.compliance.credentials.types import service as types
from app.core.limits import Limit
from app.web.field_types import PathId
from app.web.forms import Form, posted
from app.web.pace import PUBLIC, Pace, Paced
from app.web.render import render
from app.web.request import Db, SettingsDep

router = APIRouter(include_in_schema=False)
HIDDEN = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}
"""For pages about a person: in no search engine, and no address of theirs on the way to another site."""
_OPEN = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
"""For what verifiers read in a browser, from any site."""
ANSWERS = Pace(
    Limit(
        "verifications from an address",
        # 80 random bits need no limit; numbers are counted up, and nobody shall count a school's graduates quickly.
        120,
        timedelta(minutes=10),
        "Too many verifications from your network. Nothing was looked up. Wait {wait} and try again.",
    )
)
Prefix = Annotated[str, Path(max_length=6)]
Slug = Annotated[str, Path(max_length=40)]


@router.get("/credentials/verify", dependencies=[Paced(PUBLIC)])
def verify_page(request: Request) -> Response:
    """The form; a code that comes behind the # of the address is filled in and sent by the page."""
    return _verify_page(request, Form.blank(VerifyForm), None)


@router.post("/credentials/verify", dependencies=[Paced(ANSWERS)])
def verify(
    request: Request,
    db: Db,
    settings: SettingsDep,
    form: Annotated[Form[VerifyForm], Depends(posted(VerifyForm))],
) -> Response:
    def look(values: VerifyForm) -> Response:
        if not values.serial and not values.code:
            form.add_error("serial", "Enter the number that is printed on the credential.")
            answer = _verify_page(request, form, None)
            answer.status_code = 422
            return answer
        return _verify_page(request, form, service.verify(db, settings.zone, values.serial, values.code))

    return form.submit(db, look, again=lambda: _verify_page(request, form, None))


def _verify_page(request: Request, form: Form[VerifyForm], answer: Answer | None) -> Response:
    return render(request, "credentials/verify.html", headers=HIDDEN, form=form, answer=answer)


# A credential that its holder shares


@router.get("/credentials/shared/{slug}", dependencies=[Paced(PUBLIC)])
def shared(request: Request, db: Db, settings: SettingsDep, slug: Slug) -> Response:
    found = holders.shared(db, settings, slug, counted=True)
    page = f"{settings.app_origin}/credentials/shared/{slug}"
    return render(
        request,
        "credentials/shared.html",
        headers=HIDDEN,
        found=found,
        page=page,
        linkedin=found.linkedin(page),
    )


@router.get("/credentials/shared/{slug}/card.png", dependencies=[Paced(PUBLIC)])
def shared_card(db: Db, settings: SettingsDep, slug: Slug) -> Response:
    """The picture that other sites show with the link."""
    return Response(
        holders.shared_card(db, settings, slug),
        media_type="image/png",
        headers={**HIDDEN, "Cache-Control": "public, max-age=300", **_OPEN},
    )


@router.get("/credentials/shared/{slug}/badge.json", dependencies=[Paced(PUBLIC)])
def shared_badge(db: Db, settings: SettingsDep, slug: Slug) -> Response:
    """The signed badge of a shared credential, for whoever wants to verify it themselves."""
    return Response(
        holders.shared_badge(db, settings, slug),
        media_type="application/vc+ld+json",
        headers={**HIDDEN, **_OPEN},
    )


# What the school awards, and what verifiers of badges read


@router.get("/credentials/awards/{prefix}", dependencies=[Paced(PUBLIC)])
def award(request: Request, db: Db, prefix: Prefix) -> Response:
    """What a type of credential stands for and how it is earned: the address that badges name."""
    return render(request, "credentials/award.html", kind=types.public_type(db, prefix))


@router.get("/credentials/awards/{prefix}/image.png", dependencies=[Paced(PUBLIC)])
def award_image(db: Db, prefix: Prefix) -> Response:
    kind = types.public_type(db, prefix)
    return Response(
        holders.picture(db, kind.name, kind.level),
        media_type="image/png",
        headers={"Cache-Control": "public, max-age=3600", **_OPEN},
    )


@router.get("/.well-known/did.json", dependencies=[Paced(PUBLIC)])
def issuer(db: Db, settings: SettingsDep) -> Response:
    """Who signs the school's badges (did:web)."""
    return _open(service.issuer(db, settings), "application/did+json")


@router.get("/credentials/status/{number}.jwt", dependencies=[Paced(PUBLIC)])
def status_token(db: Db, settings: SettingsDep, number: PathId) -> Response:
    """The list of revoked badges as a JWT."""
    return _token(service.status_token(db, settings, number))


@router.get("/credentials/status/{number}", dependencies=[Paced(PUBLIC)])
def status_list(request: Request, db: Db, settings: SettingsDep, number: PathId) -> Response:
    """The list of revoked badges: JSON with its proof, or a JWT for who asks for one."""
    if "jwt" in request.headers.get("accept", ""):
        return _token(service.status_token(db, settings, number))
    return _open(service.status_list(db, settings, number), "application/vc+ld+json")


def _token(token: str) -> Response:
    return Response(token, media_type="application/vc+jwt", headers={**_OPEN, "Vary": "Accept"})


def _open(content: dict[str, Any], media_type: str) -> Response:
    return JSONResponse(content, media_type=media_type, headers={**_OPEN, "Vary": "Accept"})
