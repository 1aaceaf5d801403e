"""Getting in and out: sign-in, sessions, passwords, one-time links."""
