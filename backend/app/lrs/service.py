"""What other rooms may ask of the LRS: to record what happened, tokens for launches, a person's activity."""

from app.lrs import vocabulary
from app.lrs.desk.browser.presentation import Line
from app.lrs.desk.browser.service import first_stored, recent_for_user
from app.lrs.desk.keys.service import NewSecret, basic, end_launch, launch_token
from app.lrs.engine.api import LrsApp
from app.lrs.engine.http import Call
from app.lrs.engine.refusal import Refusal
from app.lrs.engine.scopes import GATED_SCOPES
from app.lrs.engine.statements.storage import Submission
from app.lrs.launched import may_write, put_state, seconds_of, statements_of, store_launched
from app.lrs.own_statements import (
    About,
    agent_of,
    is_statement,
    registration_of,
    statement_of,
    store_own,
    stored_of,
    voiding_of,
)
from app.lrs.vocabulary import Verb

__all__ = [
    "GATED_SCOPES",
    "About",
    "Call",
    "Line",
    "LrsApp",
    "NewSecret",
    "Refusal",
    "Submission",
    "Verb",
    "agent_of",
    "basic",
    "end_launch",
    "first_stored",
    "is_statement",
    "launch_token",
    "may_write",
    "put_state",
    "recent_for_user",
    "registration_of",
    "seconds_of",
    "statement_of",
    "statements_of",
    "store_launched",
    "store_own",
    "stored_of",
    "vocabulary",
    "voiding_of",
]
