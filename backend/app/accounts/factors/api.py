"""JSON routes of second factors."""

from fastapi import APIRouter, Request, Response

from app.accounts.factors import service
from app.accounts.factors.entry import service as entry
from app.accounts.factors.schemas import FactorOut, FactorsOut, ProofIn
from app.web import errors
from app.web.request import CurrentSubject, Db, SettingsDep

router = APIRouter(prefix="/api/v1", tags=["Accounts"])


@router.get("/me/factors", summary="One's own second factors")
def factors(session: Db, subject: CurrentSubject) -> FactorsOut:
    held = service.overview(session, subject)
    lines = [("passkey", row) for row in held.passkeys] + [
        ("authenticator", row) for row in held.authenticators
    ]
    return FactorsOut(
        factors=[
            FactorOut.model_validate({**row.__dict__, "kind": kind}, extra="ignore") for kind, row in lines
        ],
        recovery_codes_left=held.codes_left,
        required_from=held.due_on.isoformat() if held.due_on else None,
    )


@router.post(
    "/session/proof", status_code=204, response_model=None, summary="Prove once more who is signed in"
)
def prove(
    request: Request, session: Db, subject: CurrentSubject, settings: SettingsDep, given: ProofIn
) -> Response:
    """Acts that answer 403 of the type `proof-required` work for ten minutes afterwards. Not for tokens."""
    problem = entry.prove(session, subject, settings, given.password, given.code or "")
    if problem is not None:
        # Answered and not raised, so that the attempt stays on record.
        return errors.answer(request, problem)
    return Response(status_code=204)
