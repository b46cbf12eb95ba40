"""The page that a student reads (`render`), and the mark scheme that the grader reads."""
