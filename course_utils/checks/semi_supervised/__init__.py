"""The checks of lab 06, one module an exercise."""

from course_utils.checks.toolkit import exercises_in

globals().update(exercises_in(__name__, __path__))
