"""The grade book of a class: categories, items and scores."""
