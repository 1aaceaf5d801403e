"""Tuition and fees minus refunds: the base of the state’s fees, and the fees of each fiscal year."""
