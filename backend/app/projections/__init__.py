"""Subscribers of the history: what follows from it is derived here, after the commit, exactly once."""
