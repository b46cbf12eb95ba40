"""The feedback page for the student (`render`), and the mark scheme for the grader."""
