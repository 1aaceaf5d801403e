"""Figures of the ledger: receivables by age, receipts, the base of state fees, the journal for accounting."""
