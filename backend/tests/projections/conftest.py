"""The scene of the LRS's desk: a school with one student at work."""

from tests.lrs.desk.conftest import scene

__all__ = ["scene"]
