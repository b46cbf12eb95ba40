"""The toolkit for checks: a rubric, and a small vocabulary of comparisons.

    @exercise(values=(3, "the divergence of each image"), gradients=(1, "gradients reach mu and logvar"))
    def kl_to_standard_normal(c):
        mu, logvar = c.rng.normal(size=(7, 5)), c.rng.normal(size=(7, 5))
        answer = c.differentiate("7 images, 5 latents", to=["mu", "logvar"], mu=mu, logvar=logvar)
        c.agrees("values", answer, oracle, slips={"the factor one half is missing": lambda mu, logvar: ...})
        c.gradients("gradients", answer, "mu", "logvar", oracle=oracle)

The function is the visible check of the exercise, its judge and its default exam. docs/contributors.md walks through
one exercise of each kind and lists the vocabulary.
"""

from course_utils.checks.toolkit.answers import Answer
from course_utils.checks.toolkit.exercises import Case, CheckFailed, Exercise, exercise, exercises_in
from course_utils.checks.toolkit.networks import nonlinearities, run_linear
from course_utils.checks.toolkit.rubric import Rubric, Verdict, declare, lines_of, share_of
from course_utils.checks.toolkit.training import loss_at

__all__ = [
    "Answer", "Case", "CheckFailed", "Exercise", "Rubric", "Verdict", "declare", "exercise", "exercises_in", "lines_of",
    "loss_at", "nonlinearities", "run_linear", "share_of",
]  # fmt: skip
