"""The page that a student reads, and the mark scheme that the grader reads."""
