"""The letter to a student about their refund."""
