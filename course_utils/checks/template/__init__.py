"""The checks of the template lab, one module an exercise: a function, a random class, a training.

`course new` copies this folder.
"""

from course_utils.checks.toolkit import exercises_in

globals().update(exercises_in(__name__, __path__))
