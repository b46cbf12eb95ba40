"""Corners of lab 02 that its checks leave out. The exams themselves are the checks, on inputs of their own."""

import numpy as np

from course_admin.grading.exams import corner
from course_utils import probes


@corner("init_parameters", one_layer=(0.15, "two sizes make a list of one matrix"))
def init_parameters(c):
    answer = c.seeded("sizes (5, 3)", sizes=[5, 3])
    alone = answer.array("draw_0_0", (6, 3)) is not None and "draw_0_1" not in answer.got
    c.verify("one_layer", alone, answer.raised or "sizes (5, 3): expected a list of one matrix of shape [6, 3]")


@corner("forward", one_image=(0.15, "one image and a code of one number keep both dimensions"))
def forward(c):
    W = {f"w{i}": c.rng.normal(size=shape) for i, shape in enumerate([(21, 6), (7, 1), (2, 4), (5, 20)])}
    answer = c.ask(probes.matrices, "one image, a code of one number", X=np.ones((1, 20)), at_code="linear", **W)
    fits = answer.array("value_0", (1, 20)) is not None and answer.array("value_1", (1, 1)) is not None
    c.verify("one_image", fits, answer.raised or "one image, a code of one number: expected shapes [1, 20] and [1, 1]")
