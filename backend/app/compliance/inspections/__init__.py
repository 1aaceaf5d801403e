"""Inspection mode: complete student files for an inspector, in one packet within a minute."""
