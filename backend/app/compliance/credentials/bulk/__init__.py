"""Issuing a credential to a class at once, by a worker."""
