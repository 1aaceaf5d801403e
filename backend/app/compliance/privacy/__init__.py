"""FERPA: disclosures, consents, directory information, requests to see and to amend records, the whole file."""
