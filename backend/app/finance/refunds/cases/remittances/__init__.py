"""Money of refunds that leaves the school, and what comes back."""
