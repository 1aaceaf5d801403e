"""The enrollment verification letter."""
