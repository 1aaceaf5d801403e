"""Who sits in a class."""
