"""The school verifies an externship by a document; its row and its log are compared."""
