"""The ledger: what students and payers were charged and have paid, in double entry that the database holds together."""
