"""A second copy of the backups, encrypted, in a bucket on another continent if you like."""
