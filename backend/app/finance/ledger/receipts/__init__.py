"""Receipts: a payment as a signed PDF of the documents room."""
