"""From a submission to a mark in the gradebook: execute, score, store."""
