"""Refund cases: what a withdrawal gives back, computed, approved, remitted and explained."""
