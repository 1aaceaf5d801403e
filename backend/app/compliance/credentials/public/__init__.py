"""Verifying a credential, for everybody."""
