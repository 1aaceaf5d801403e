"""What anybody may find out about a transcript that they were given."""
