"""A second factor: passkeys, authenticator apps and recovery codes, one's own; how they let in; what a loss needs."""
