"""Failures an operator can act on."""

from __future__ import annotations


class OperatorError(Exception):
    """One sentence for the person at the terminal: what is wrong and what to do.

    The command line prints it without a traceback and leaves with exit status 1.
    """
