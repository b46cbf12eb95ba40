"""The limits of the check and of grading are the same where a student is told so."""

from course_admin.grading.execution import ExecutionSettings
from course_utils.probes import QUESTION_SECONDS


def test_grading_gives_a_question_as_much_time_as_the_check():
    assert ExecutionSettings().question_timeout == QUESTION_SECONDS
