"""A student’s own credentials, and the public page they may switch on."""
