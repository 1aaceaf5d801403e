"""Externships: sites with agreements, placements, hours that students log and supervisors confirm, verification."""
