"""What other rooms may ask of the record store."""

from app.lrs.credentials.service import NewSecret, end_launch, launch_token
from app.lrs.events import About, agent_of, record_event

__all__ = ["About", "NewSecret", "agent_of", "end_launch", "launch_token", "record_event"]
