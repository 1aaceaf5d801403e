"""API tokens: bearer secrets with which a program does what its owner can."""
