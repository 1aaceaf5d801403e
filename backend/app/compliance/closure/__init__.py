"""The closure archive: every student’s transcript, credentials and ledger, as GNPEC asks for at a closure."""
