"""What other rooms may ask of the LRS: to record what happened, tokens for launches, a person's activity."""

from app.lrs import vocabulary
from app.lrs.desk.browser.presentation import Line
from app.lrs.desk.browser.service import first_stored, recent_for_user
from app.lrs.desk.keys.service import NewSecret, end_launch, launch_token
from app.lrs.own_statements import (
    About,
    agent_of,
    registration_of,
    statement_of,
    store_own,
    stored_of,
    voiding_of,
)
from app.lrs.vocabulary import Verb

__all__ = [
    "About",
    "Line",
    "NewSecret",
    "Verb",
    "agent_of",
    "end_launch",
    "first_stored",
    "launch_token",
    "recent_for_user",
    "registration_of",
    "statement_of",
    "store_own",
    "stored_of",
    "vocabulary",
    "voiding_of",
]
