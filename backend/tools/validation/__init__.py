"""veraPDF's engine over documents of every kind: what `script/validate-documents` runs."""
