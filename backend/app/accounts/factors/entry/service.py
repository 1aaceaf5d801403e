"""Getting in with a factor, and proving once more who is there.

Refusals come back and are not raised where an attempt is on record: in the request's own transaction, which a raised
error would undo.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.accounts.access import links
from app.accounts.access import service as access
from app.accounts.access.attempts import Visitor
from app.accounts.access.service import SignedIn, student_id_of
from app.accounts.factors import challenges, codes, guessing, passkeys, policy, queries
from app.accounts.factors import service as factors
from app.accounts.factors.challenges import Purpose
from app.accounts.factors.codes import Verdict
from app.accounts.people import queries as people
from app.core import clock, history
from app.core.actions import Action
from app.core.errors import FieldError, Forbidden, Invalid, NotFound, Problem, Unauthorized
from app.core.hash_key import hash_key
from app.core.permissions import Subject, internal
from app.core.proof import FactorRequired
from app.db.models import User
from app.db.session import Database
from app.settings import Settings

SECOND_STEP_OVER = "This sign-in took longer than ten minutes, or was finished elsewhere. Start again."


class CodeRequired(Unauthorized):
    """The password is right, and the account asks for a code as well."""

    title, slug = "A second factor is needed", "second-factor-required"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A sign-in whose password was right and that waits for a second factor: the secret for its cookie."""

    secret: str


Entered = SignedIn | Waiting


@dataclass(frozen=True, slots=True)
class Ways:
    """How a person can prove who they are beside the password."""

    passkey: bool
    app: bool
    recovery: bool
    code: bool
    """Whether the password wants a code beside it."""


# Signing in


@internal("nobody is known yet")
def sign_in(database: Database, settings: Settings, email: str, password: str, visitor: Visitor) -> Entered:
    """Let the owner of this address and password in, or to the second step. Raises as `access.authenticate` does."""

    def then(session: Session, user: User) -> Entered:
        return enter(session, settings, user, visitor)

    return access.authenticate(database, settings, email, password, visitor, then)


@internal("a step of signing in")
def enter(session: Session, settings: Settings, user: User, visitor: Visitor) -> Entered:
    """Open a session for who has just proved the password, unless the person has a second factor: it is asked first."""
    if queries.has_factor(session, user.id):
        return Waiting(challenges.wait(session, user.id))
    return open_after_code(session, settings, user, visitor)


@internal("a step of signing in")
def open_after_code(session: Session, settings: Settings, user: User, visitor: Visitor) -> SignedIn:
    """Open a session for who has given all that the account asks for. Without a factor, the policy may set a day."""
    due_on = None if queries.has_factor(session, user.id) else policy.due_on(session, user)
    return access.open_session(session, settings, user, visitor, factor_due_on=due_on)


@internal("a step of signing in")
def second_step(session: Session, secret: str) -> tuple[User, Ways] | None:
    """Who waits behind this secret, and what they can give; None when nobody does any more."""
    user = challenges.waiting(session, secret)
    return None if user is None else (user, ways(session, user.id))


@internal("a step of signing in")
def finish(
    session: Session, settings: Settings, secret: str, code: str, visitor: Visitor
) -> SignedIn | Problem:
    """Let in who waits behind this secret, by a code of their app or a recovery code."""
    found = challenges.waiting(session, secret)
    # Locked as a new password locks it: of the two that meet here, this one finds the sign-in gone.
    user = None if found is None else people.user(session, found.id, lock=True)
    if user is None:
        return NotFound(SECOND_STEP_OVER)
    problem = check_code(session, settings, user, code)
    if problem is not None:
        return problem
    if not challenges.finish(session, user.id, secret):
        return NotFound(SECOND_STEP_OVER)
    return access.open_session(session, settings, user, visitor)


@internal("a step of signing in")
def code_beside_password(
    session: Session, settings: Settings, user: User, code: str | None
) -> Problem | None:
    """For a program that sends the password and the code at once: what is wrong with the code, if one is needed."""
    if not queries.has_factor(session, user.id):
        return None
    if not code:
        return CodeRequired(
            "This account has a second factor. Send the code of the authenticator app, or a recovery code, as "
            "“code” beside the password."
        )
    problem = check_code(session, settings, user, code)
    return Unauthorized(problem.detail) if isinstance(problem, Invalid) else problem


@internal("a step of signing in")
def factor_overdue(session: Session, settings: Settings, user: User) -> Problem | None:
    """For a program that wants an API token for the password alone: the refusal of who should have a factor by now.

    A session would reach only the pages where one is set up; a token would go around them.
    """
    due_on = None if queries.has_factor(session, user.id) else policy.due_on(session, user)
    if due_on is None or clock.today(settings.zone) < due_on:
        return None
    return FactorRequired(
        "The school’s policy requires a second factor. No token was created. Sign in with a browser and set one up, "
        "then create the token."
    )


@internal("nobody is known yet")
def passkey_options(session: Session, settings: Settings) -> dict[str, Any]:
    """What a browser needs to sign in with any passkey that it has for the school."""
    return passkeys.request_options(session, settings, Purpose.SIGN_IN, None)


@internal("nobody is known yet")
def sign_in_by_passkey(
    session: Session, settings: Settings, answer: str, visitor: Visitor
) -> SignedIn | Problem:
    """Let in who has this passkey, without a password."""
    try:
        _passkey, user = passkeys.used(session, settings, Purpose.SIGN_IN, None, answer)
    except passkeys.RefusedError as refused:
        return _refused(session, refused)
    queries.drop_waiting(session, user.id, Purpose.SECOND_STEP)
    return access.open_session(session, settings, user, visitor)


# Proving once more


@internal("what a page offers of its reader's own")
def ways(session: Session, user_id: int) -> Ways:
    """What the person can prove themselves with."""
    app = bool(queries.authenticators(session, user_id))
    held = queries.passkeys(session, user_id)
    return Ways(
        passkey=any(one.copied_at is None for one in held),
        app=app,
        recovery=queries.codes_left(session, user_id) > 0,
        code=app or bool(held),
    )


def proof_options(session: Session, subject: Subject, settings: Settings) -> dict[str, Any]:
    """What the browser needs to prove who is there with one of the person's own passkeys."""
    _require_session(subject)
    known = queries.passkeys(session, subject.user_id)
    return passkeys.request_options(session, settings, Purpose.PROVE, subject.user_id, known)


def prove(session: Session, subject: Subject, settings: Settings, password: str, code: str) -> Problem | None:
    """Prove who is there by password and, with a second factor, a code; None when it is done."""
    _require_session(subject)
    problem = links.confirm(session, settings, subject, password)
    if problem is not None:
        return problem
    user = people.user(session, subject.user_id)
    if user is None:
        return NotFound("This account no longer exists.")
    by = "password"
    if queries.has_factor(session, user.id):
        by = "password and code"
        problem = check_code(session, settings, user, code)
        if problem is not None:
            return problem
    _proved(session, subject, by)
    return None


def prove_by_passkey(session: Session, subject: Subject, settings: Settings, answer: str) -> Problem | None:
    """Prove who is there by one of the person's own passkeys; None when it is done."""
    _require_session(subject)
    try:
        passkeys.used(session, settings, Purpose.PROVE, subject.user_id, answer)
    except passkeys.RefusedError as refused:
        return _refused(session, refused)
    _proved(session, subject, "passkey")
    return None


def _require_session(subject: Subject) -> None:
    if subject.session_id is None:
        raise Forbidden("Only a signed-in browser can confirm who is there. An API token cannot.")


def _proved(session: Session, subject: Subject, by: str) -> None:
    if subject.session_id is None:
        return
    queries.note_proof(session, subject.session_id, clock.now())
    history.record(session, subject, Action.PROOF_GIVEN, subject.session_id, by=by)


# Codes


@internal("a step of signing in and of proving who is there")
def check_code(session: Session, settings: Settings, user: User, code: str) -> Problem | None:
    """Use up a code of the person's: of an app, or a recovery code. What is wrong with it, or None."""
    plain = codes.tidy(code)
    if not plain:
        return _wrong("Enter the code of your authenticator app, or one of your recovery codes.")
    wait = guessing.take_turn(session, user)
    if wait is not None:
        return wait
    if codes.looks_like_app_code(plain):
        problem = _check_app_code(session, settings, user, plain)
    else:
        problem = _check_recovery_code(session, settings, user, plain)
    if problem is None:
        guessing.succeeded(session, user)
    return problem


def _check_app_code(session: Session, settings: Settings, user: User, code: str) -> Problem | None:
    now = clock.now()
    verdicts = set()
    # Locked: two requests with one code meet here, and the second finds the step used.
    for authenticator in queries.authenticators(session, user.id, lock=True):
        key = factors.key_of(settings, authenticator)
        if key is None:
            continue
        checked = codes.check(key, code, authenticator.last_step, now)
        if checked.verdict is Verdict.GOOD:
            authenticator.last_step = checked.step
            authenticator.last_used_at = now
            session.flush()
            return None
        verdicts.add(checked.verdict)
    if Verdict.USED in verdicts:
        why, sentence = (
            "used",
            "This code was used already. Wait until your app shows the next one, and enter that.",
        )
    elif Verdict.LATE in verdicts:
        why, sentence = (
            "late",
            (
                "This code has expired. Enter the one your app shows now; if that is refused too, set the clock of "
                "your phone to automatic."
            ),
        )
    else:
        why, sentence = "wrong", "This code is not right. Enter the six digits that your app shows now."
    _record_refusal(session, user, "code", why)
    return _wrong(sentence)


def _check_recovery_code(session: Session, settings: Settings, user: User, code: str) -> Problem | None:
    hashed = codes.recovery_hash(hash_key(session), user.id, code)
    if queries.use_code(session, user.id, hashed, clock.now()):
        left = queries.codes_left(session, user.id)
        history.record(
            session, None, Action.RECOVERY_CODE_USED, user.id, student_id=student_id_of(user), left=left
        )
        return None
    _record_refusal(session, user, "code", "recovery code unknown or used")
    return _wrong(
        "This recovery code is not right, or it was used before: each works once. Try another one, or the code of "
        "your app."
    )


def _wrong(sentence: str) -> Invalid:
    return Invalid(sentence, errors=[FieldError("code", sentence)])


def _refused(session: Session, refused: passkeys.RefusedError) -> Invalid:
    if isinstance(refused, passkeys.CopiedError):
        history.record(
            session,
            None,
            Action.PASSKEY_COPIED,
            refused.passkey.id,
            student_id=student_id_of(refused.user) if refused.user else None,
            user_id=refused.passkey.user_id,
            name=refused.passkey.name,
            counter=[refused.passkey.sign_count, refused.counter],
        )
    elif refused.user is not None:
        _record_refusal(session, refused.user, "passkey", refused.why)
    return Invalid(refused.sentence)


def _record_refusal(session: Session, user: User, kind: str, why: str) -> None:
    history.record(
        session, None, Action.FACTOR_REFUSED, user.id, student_id=student_id_of(user), kind=kind, why=why
    )
