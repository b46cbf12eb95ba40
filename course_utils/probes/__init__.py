"""Probes: questions put to a student's function, class or training loop, answered with evidence.

A probe runs where the student's code runs: in the notebook, in pytest, or in the grader's sandbox. It calls the code on
the inputs that it is given and brings back evidence (see `course_utils.evidence`). It holds no answers and no
opinion: what the evidence is worth is decided elsewhere, by `course_utils.checks` for the student's eyes and by the
exams for the marks.

    @probe
    def a_probe(target, /, *, images, ...) -> evidence

Inputs are numpy arrays, numbers and strings; arrays reach the student's code as tensors (float32, int64 or bool).
"""

from course_utils.probes.asking import (
    PROBES,
    QUESTION_SECONDS,
    Ask,
    StudentError,
    answer,
    direct_ask,
    probe,
    tensors,
)
from course_utils.probes.functions import (
    call,
    differentiate,
    draws,
    generated,
    seeded,
    texts_as_evidence,
    written,
)
from course_utils.probes.networks import frozen, layers, method, module
from course_utils.probes.training import train, train_given, train_loop, train_network, train_on_noise
from course_utils.probes.weights import matrices, train_matrices, with_decoder

__all__ = [
    "PROBES",
    "QUESTION_SECONDS",
    "Ask",
    "StudentError",
    "answer",
    "call",
    "differentiate",
    "direct_ask",
    "draws",
    "frozen",
    "generated",
    "layers",
    "matrices",
    "method",
    "module",
    "probe",
    "seeded",
    "tensors",
    "texts_as_evidence",
    "train",
    "train_given",
    "train_loop",
    "train_matrices",
    "train_network",
    "train_on_noise",
    "with_decoder",
    "written",
]
