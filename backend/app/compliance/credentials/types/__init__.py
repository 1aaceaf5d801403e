"""The kinds of credentials that the school awards."""
