"""The toolkit for checks: shares, near forms, slips, counterexamples, random numbers, gradients, networks, steps."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_utils import probes
from course_utils.checks.toolkit import (
    CheckFailed,
    declare,
    exercise,
    exercises,
    lines_of,
    nonlinearities,
    run_linear,
    share_of,
)
from course_utils.checks.toolkit.written import library_calls
from course_utils.probes import direct_ask


def judged(judging, answer, seed=0, **declared):
    """(share, lines) of an answer under a judging function with this rubric. answer: a function, or several by name."""
    made = exercise(**{"values": (1.0, "right"), **declared})(judging)
    answers = answer if isinstance(answer, dict) else {judging.__name__: answer}
    verdicts = made.judge(direct_ask(answers), np.random.default_rng(seed))
    return pytest.approx(share_of(verdicts), abs=1e-6), "\n".join(lines_of(verdicts))


def mean_of_rows(c):
    cases = [
        c.call("[[1, 3]]", X=[[1.0, 3.0]]),
        c.call("7 rows, 5 columns", X=c.rng.normal(size=(7, 5))),
    ]
    c.agrees("values", cases, lambda X: X.mean(1), slips={"added up: divide by their number": lambda X: X.sum(1)})


# --- shares ----------------------------------------------------------------------------------------------------------


def three_parts(c):
    c.verify("a", True, "")
    c.verify("b", False, "b is wrong", keeps=0.5)


def test_a_share_is_the_sum_of_the_aspects_times_what_the_deductions_leave():
    def judging(c):
        three_parts(c)
        c.cost("late", False, "too late")

    rubric = {"a": (2, "a"), "b": (1, "b"), "c": (1, "c"), "costs": {"late": (0.2, "in time")}}
    made = exercise(**rubric)(judging)
    share = share_of(made.judge(direct_ask({"judging": None}), np.random.default_rng(0)))
    assert share == pytest.approx((2 + 0.5) / 4 * 0.8)  # c was never judged: it has earned nothing


def test_a_deduction_is_not_charged_where_what_it_follows_from_is_wrong():
    def judging(c):
        c.verify("values", False, "wrong")
        c.cost("one_row", False, "one row", after="values")

    share, lines = judged(judging, None, other=(1, "x"), costs={"one_row": (0.5, "one row")})
    assert share == 0 and "one row" not in lines


def test_stop_loses_everything_with_one_line():
    def judging(c):
        c.verify("other", True, "")
        c.stop("nothing came back")

    share, lines = judged(judging, None, other=(1, "x"))
    assert (share, lines) == (0, "✗  nothing came back")


@pytest.mark.parametrize(
    ("aspects", "costs"),
    [({}, {}), ({"a": (0, "x")}, {}), ({"a": (-1, "x")}, {}), ({"a": (1, "x")}, {"b": (1.0, "y")})],
)
def test_weights_and_costs_that_cannot_be_meant_are_refused(aspects, costs):
    with pytest.raises(ValueError, match="a weight above 0"):
        declare(aspects, costs)


def test_what_is_judged_has_to_be_declared():
    def judging(c):
        c.verify("values", True, "")
        c.verify("vales", True, "")

    with pytest.raises(LookupError, match="vales"):
        judged(judging, None)


def test_more_than_eight_slips_are_refused_when_the_exercise_is_declared():
    def judging(c):
        c.agrees("values", [], slips={"1": 1, "2": 2, "3": 3, "4": 4, "5": 5})
        c.equal("values", 1, 1, slips={"6": 1, "7": 2, "8": 3, "9": 4})

    with pytest.raises(ValueError, match="names 9 slips"):
        exercise(values=(1, "x"))(judging)


def test_slips_that_are_put_together_elsewhere_are_counted_where_they_are_used():
    many = {str(i): i for i in range(9)}

    def judging(c):
        c.equal("values", 1.0, 2.0, slips=many)

    with pytest.raises(ValueError, match="9 slips"):
        judged(judging, None)


# --- values ----------------------------------------------------------------------------------------------------------


def test_a_right_answer_keeps_everything_and_is_told_what_is_right():
    assert judged(mean_of_rows, lambda X: X.mean(dim=1)) == (1, "✓  right")


def test_a_slip_is_named_when_it_explains_every_case():
    assert judged(mean_of_rows, lambda X: X.sum(dim=1)) == (0, "✗  added up: divide by their number")


def test_anything_else_gets_the_smallest_case_in_three_lines():
    share, lines = judged(mean_of_rows, lambda X: X.amax(dim=1))
    assert share == 0
    assert lines == "✗  the result for [[1, 3]]:\n   your code gives [3]\n   expected        [2]"


def test_a_slip_that_explains_only_some_cases_is_not_named():
    assert "added up" not in judged(mean_of_rows, lambda X: X.sum(1) if len(X) == 1 else 0 * X.sum(1))[1]


def test_a_slip_can_keep_a_part():
    def judging(c):
        c.agrees("values", c.call("2", x=2.0), lambda x: x * x, slips={"doubled": (lambda x: x + 1, 0.5)}, number=True)

    assert judged(judging, lambda x: x + 1.0) == (0.5, "✗  doubled")


def test_of_a_large_result_the_entry_that_is_furthest_off_is_shown():
    def judging(c):
        c.agrees("values", c.call("zeros [3, 4]", X=np.zeros((3, 4))), lambda X: X)

    def answer(X):
        X = X.clone()
        X[1, 2] = 7
        return X

    assert (
        "the result at [1, 2] for zeros [3, 4]:\n   your code gives 7\n   expected        0"
        in judged(judging, answer)[1]
    )


def test_numbers_that_look_alike_are_shown_with_more_digits():
    def judging(c):
        c.equal("values", 1.00001, 1.00002, within=(0, 1e-9))

    assert "gives 1.00001\n   expected        1.00002" in judged(judging, None)[1]


NEAR = {
    "a column": (lambda X: X.mean(dim=1, keepdim=True), "keepdim=True"),
    "a list": (lambda X: X.mean(dim=1).tolist(), "list of 1 came back"),
    "a numpy array": (lambda X: X.mean(dim=1).numpy(), "numpy array came back"),
}


@pytest.mark.parametrize("name", NEAR)
def test_a_near_form_of_the_right_values_costs_the_form_alone(name):
    answer, words = NEAR[name]
    share, lines = judged(mean_of_rows, answer)
    assert share == 0.8 and words in lines and "✓  right" in lines


@pytest.mark.parametrize(
    ("answer", "oracle", "share", "words"),
    [
        (lambda x: torch.tensor(3), lambda x: 3, 0.8, ".item()"),
        (lambda x: 3.0, lambda x: 3, 0.8, "float came back, expected an int"),
        (lambda x: 3, lambda x: 3, 1, "right"),
        (lambda x: 3, lambda x: 3.0, 1, "right"),
        (lambda x: "3", lambda x: 3, 0, "str came back for 1"),
        (lambda x: None, lambda x: 3, 0, "Is the return missing?"),
    ],
)
def test_a_number_is_asked_for(answer, oracle, share, words):
    def judging(c):
        c.agrees("values", c.call("1", x=1.0), oracle, number=True)

    found = judged(judging, answer)
    assert found[0] == share and words in found[1]


def test_true_and_false_against_zero_and_one():
    def judging(c):
        c.agrees("values", c.call("[1, 2]", x=np.array([1.0, 2.0])), lambda x: x > 1)

    assert judged(judging, lambda x: x > 1)[0] == 1
    share, lines = judged(judging, lambda x: (x > 1).float())
    assert share == 0.8 and "numbers, expected True and False" in lines


def test_nan_is_said():
    assert "nan or inf" in judged(mean_of_rows, lambda X: X.mean(1) / 0 * 0)[1]


def test_what_raises_on_another_size_alone_keeps_half_and_says_so_first():
    share, lines = judged(mean_of_rows, lambda X: X.reshape(1, 2).mean(1))
    assert share == 0.5 and lines.startswith("✗  another size came in, 7 rows, 5 columns: sizes do not fit")
    assert "the inputs were X [7, 5]: is a size fixed in your code" in lines and "invalid for input" in lines


def test_a_product_that_does_not_fit_says_what_came_in_and_more_than_one_cause():
    share, lines = judged(mean_of_rows, lambda X: X @ torch.ones(1, 1))
    assert share == 0 and "the inputs were X [1, 2]: is a matrix on the wrong side, a column of ones" in lines


def test_an_aspect_that_is_right_can_be_told_with_a_note():
    def judging(c):
        c.agrees("values", c.call("1", x=1.0), lambda x: x, number=True)
        c.note("values", ", by a narrow margin")

    assert judged(judging, lambda x: x)[1].startswith("✓") and "by a narrow margin" in judged(judging, lambda x: x)[1]
    assert "narrow" not in judged(judging, lambda x: x + 1)[1]


def test_what_raises_everywhere_keeps_nothing():
    share, lines = judged(mean_of_rows, lambda X: X.nothing())
    assert share == 0 and lines.startswith("✗  [[1, 3]]: your code raised AttributeError")


def test_rows_in_another_order_cost_what_is_declared_for_it():
    def judging(c):
        c.agrees("values", c.call("[3, 1, 2]", x=np.array([3.0, 1.0, 2.0])), lambda x: x, any_order="order")

    share, lines = judged(judging, lambda x: x.sort().values, costs={"order": (0.25, "in their order")})
    assert share == 0.75 and "in another order" in lines
    assert judged(judging, lambda x: x + 1, costs={"order": (0.25, "in their order")})[0] == 0


def test_writing_into_an_input_costs_its_deduction_without_being_asked():
    def answer(X):
        X -= 1
        return (X + 1).mean(1)

    share, lines = judged(mean_of_rows, answer)
    assert share == 0.8 and "changes X in place" in lines


def test_an_input_may_have_any_name():
    def judging(c):
        c.agrees("values", c.call("2 and 3", target=2.0, words=3.0), lambda a, b: a * b, number=True)

    assert judged(judging, lambda target, words: target * words)[0] == 1


def two_parts(c):
    cases = [c.call("[1, 2, 3]", x=np.array([1.0, 2.0, 3.0]))]
    total, rest = c.parts(cases, total=lambda x: x.sum(), rest=lambda x: x[1:])
    c.agrees("values", total)
    c.agrees("rest", rest)


@pytest.mark.parametrize(
    ("answer", "share", "words"),
    [
        (lambda x: (x.sum(), x[1:]), 1, "✓  right"),
        (lambda x: [x.sum(), x[1:]], 1, "✓  right"),
        (lambda x: (x[1:], x.sum()), 0.8, "in another order: return total, rest"),
        (lambda x: (x.sum(), x[1:], x), 0.8, "3 values came back: return total, rest alone"),
        (lambda x: x.sum(), 0.4, "tensor came back, expected 2 values: return total, rest"),
        (lambda x: (x.sum(), x[:-1]), 0.5, "the rest for [1, 2, 3]"),
        (lambda x: None, 0, "nothing (None) came back"),
    ],
)
def test_several_values_are_judged_each_by_itself(answer, share, words):
    found = judged(two_parts, answer, rest=(1.0, "the rest"))
    assert found[0] == share and words in found[1]


def test_a_stub_ends_the_check_with_one_line():
    def stub(X):
        raise NotImplementedError("your turn")

    with pytest.raises(CheckFailed, match="·  complete the cell above first"):
        exercise(values=(1, "x"))(mean_of_rows)(stub)


def test_of_two_functions_the_stub_has_the_sign_of_a_stub():
    def stub(X):
        raise NotImplementedError("your turn")

    def both(c):
        c.agrees("one", c.function("f").call("1", X=[1.0]), lambda X: X)
        c.agrees("two", c.function("g").call("1", X=[1.0]), lambda X: X)

    with pytest.raises(CheckFailed, match=r"^·  1: complete the cell above first"):
        exercise(targets=["f", "g"], one=(1, "f"), two=(1, "g"))(both)(lambda X: X, stub)


# --- gradients and random numbers ------------------------------------------------------------------------------------


def squares(c):
    answer = c.differentiate("7 numbers", to=["x"], x=c.rng.normal(size=7), y=c.rng.normal(size=7))
    c.agrees("values", answer, lambda x, y: x * x * y)
    c.gradients("gradients", answer, "x", oracle=lambda x, y: x * x * y, values=["values"])


@pytest.mark.parametrize(
    ("answer", "share", "words"),
    [
        (lambda x, y: x**2 * y, 1, "reach"),
        (lambda x, y: x**2 * torch.from_numpy(y.numpy()), 1, "reach"),  # y needs no gradient
        (lambda x, y: (x**2 * y).detach(), 0.5, "no gradient reaches x"),
        (lambda x, y: x.detach() * x * y, 0.5, "the gradient with respect to x"),
        (lambda x, y: 2 * x**2 * y, 0.5, "the result"),  # the slip is charged once: gradients do arrive
    ],
)
def test_gradients_against_autograds(answer, share, words):
    found = judged(squares, answer, gradients=(1.0, "gradients reach x"))
    assert found[0] == share and words in found[1]


def noise(c):
    answer = c.seeded("5 numbers", n=5)
    c.generator("values", answer)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda n, g: torch.randn(n, generator=g), "✓"),
        (lambda n, g: torch.randn(n), "do not come from `generator`"),
        (lambda n, g: torch.randn(n, generator=torch.Generator().manual_seed(0)), "every call gives the same"),
        (lambda n, g: torch.randn(n, generator=torch.Generator().manual_seed(g.initial_seed())), "every call gives"),
    ],
)
def test_where_random_numbers_come_from(answer, words):
    share, lines = judged(noise, answer)
    assert words in lines and share == float(words == "✓")


def test_gradients_are_followed_to_the_inputs_that_are_named():
    """A right answer may turn the other inputs, labels for example, into numpy."""

    def judging(c):
        answer = c.samples("a mean and a spread", times=3, to=["mean"], mean=np.zeros(2), std=np.ones(2))
        c.verify("values", answer.array("grad_mean") is not None and "grad_std" not in answer.got, "")

    assert judged(judging, lambda m, s: m + torch.from_numpy(s.numpy()) * torch.randn(2))[0] == 1


def test_a_check_stops_code_that_runs_too_long(monkeypatch):
    monkeypatch.setattr(exercises, "QUESTION_SECONDS", 0.3)

    def forever(X):
        while True:
            time.sleep(0.01)

    with pytest.raises(CheckFailed, match=r"ran longer than 0 s and was stopped: take fewer steps"):
        exercise(values=(1, "right"))(mean_of_rows)(forever)


def test_a_training_that_ends_quietly_when_it_is_interrupted_is_stopped_as_well(monkeypatch):
    monkeypatch.setattr(exercises, "QUESTION_SECONDS", 0.3)

    def swallows(X):
        try:
            while True:
                time.sleep(0.01)
        except KeyboardInterrupt:
            return X.mean(1)

    with pytest.raises(CheckFailed, match="was stopped"):
        exercise(values=(1, "right"))(mean_of_rows)(swallows)


def test_the_stop_button_stays_the_stop_button():
    def pressed(X):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        exercise(values=(1, "right"))(mean_of_rows)(pressed)


def sampled(c):
    mean, std = np.array([0.0, 3.0]), np.array([1.0, 0.5])
    answer = c.samples("two normal numbers", mean=mean, std=std)
    samples = answer.array("samples")
    slips = {"the variance is used": (mean, std**2)}
    c.moments("values", samples, mean, std, slips=slips, law="normal")
    c.fresh("fresh", samples)


@pytest.mark.parametrize(
    ("answer", "share", "words"),
    [
        (lambda m, s: m + s * torch.randn(2), 1, "✓"),
        (lambda m, s: m + s**2 * torch.randn(2), 0.5, "the variance is used"),
        (lambda m, s: m + s * 12**0.5 * (torch.rand(2) - 0.5), 0.75, "is not normal"),
        (lambda m, s: m + s * torch.randn(1), 0.5, "share the same noise"),
        (lambda m, s: m + 1.0, 0, "draw the noise inside"),
        (lambda m, s: (m + s * torch.randn(2)).tolist(), 0, "no tensors of the shape asked for"),
    ],
)
def test_samples_have_the_right_moments_and_are_fresh(answer, share, words):
    found = judged(sampled, answer, fresh=(1.0, "fresh noise"))
    assert found[0] == share and words in found[1]


def parameters(c):
    c.leaves("values", c.seeded("two matrices", n=2), 2, "the matrices")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda g: torch.randn(3, generator=g).mul(0.1).requires_grad_(), "✓"),
        (lambda g: torch.randn(3, generator=g), "do not require gradients"),
        (lambda g: 0.1 * torch.randn(3, generator=g, requires_grad=True), "scale first"),
    ],
)
def test_leaves_that_require_gradients(make, words):
    assert words in judged(parameters, lambda n, g: [make(g) for _ in range(n)])[1]


# --- networks --------------------------------------------------------------------------------------------------------


class Small(nn.Module):
    def __init__(self, between=nn.ReLU, width=3):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(6, 4), between(), nn.Linear(4, width))

    def forward(self, images):
        return self.encoder(images)


def built_with(kind, *fixed, **how):
    """The class with these arguments fixed: the question refuses what is no class."""
    return type(kind.__name__, (kind,), {"__init__": lambda self: kind.__init__(self, *fixed, **how)})


def network(c):
    answer = c.module("9 rows", images=c.rng.normal(0, 9, (9, 6)))
    layers = c.architecture("layers", answer, encoder=[6, 4, 3])["encoder"]
    c.options(answer, lambda i, values: run_linear(i["images"], layers, values), values=nonlinearities("ReLU"))
    c.reached("reached", answer)


@pytest.mark.parametrize(
    ("make", "share", "words"),
    [
        (Small, 1, "✓"),
        (built_with(Small, nn.Tanh), 2 / 3, "values: tanh, expected ReLU"),
        (built_with(Small, nn.GELU), 2 / 3, "values: GELU, expected ReLU"),
        (built_with(Small, width=5), 2 / 3, "self.encoder holds 6-4-5, expected 6-4-3"),
    ],
)
def test_layers_and_what_stands_between_them(make, share, words):
    found = judged(network, make, layers=(1, "layers"), reached=(1, "reached"))
    assert found[0] == share and words in found[1]


def test_a_function_that_makes_a_network_is_no_class():
    share, lines = judged(network, lambda: Small(), layers=(1, "layers"), reached=(1, "reached"))
    assert share == 0 and "no class" in lines


def test_layers_under_other_names_cost_the_form():
    class Other(Small):
        def __init__(self):
            super().__init__()
            self.net = self.encoder
            del self.encoder

        def forward(self, images):
            return self.net(images)

    share, lines = judged(network, Other, layers=(1, "layers"), reached=(1, "reached"))
    assert share == 0.8 and "not as self.encoder" in lines


def test_layers_in_a_plain_list_are_not_found():
    class Listed(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = [nn.Linear(6, 4)]

        def forward(self, images):
            return images

    assert "in a plain list" in judged(network, Listed, layers=(1, "layers"), reached=(1, "reached"))[1]


def test_our_own_weights_can_be_loaded():
    mine = nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 3))

    def judging(c):
        images = c.rng.normal(size=(5, 6))
        answer = c.module("5 rows", images=images, weights=mine)
        right = mine(torch.tensor(images, dtype=torch.float32)).detach().numpy()
        c.equal("values", answer.array("output"), right)

    assert judged(judging, Small)[0] == 1
    assert judged(judging, built_with(Small, nn.Tanh))[0] == 0


def test_convolutions_are_told_apart_by_stride_and_padding():
    def judging(c):
        answer = c.module("2 images", images=c.rng.normal(size=(2, 1, 8, 8)))
        c.architecture("values", answer, encoder=[nn.Conv2d(1, 4, 3, stride=2, padding=1)])

    class Conv(nn.Module):
        def __init__(self, **how):
            super().__init__()
            self.encoder = nn.Sequential(nn.Conv2d(1, 4, 3, **how), nn.ReLU())

        def forward(self, images):
            return self.encoder(images)

    assert judged(judging, built_with(Conv, stride=2, padding=1))[0] == 1
    share, lines = judged(judging, built_with(Conv, stride=2))
    assert share == 0 and "Conv2d(1, 4, kernel_size=(3, 3), stride=(2, 2), padding=(1, 1)) is missing" in lines


def test_frozen_weights_are_compared_name_by_name():
    def judging(c):
        before = {"weight": np.ones(3), "running_mean": np.zeros(3)}
        c.frozen("values", before, {"weight": np.ones(3), "running_mean": np.ones(3)})

    share, lines = judged(judging, None)
    assert share == 0 and "running_mean" in lines


# --- training --------------------------------------------------------------------------------------------------------


def train(c):
    start = {
        name: c.rng.normal(0, 0.5, shape).astype(np.float32)
        for name, shape in {"w0": (3, 6), "b0": (3,), "w1": (6, 3), "b1": (6,)}.items()
    }
    images = c.rng.random((10, 1, 2, 3)).astype(np.float32)
    how = {"layers": "6-3-6", "batch_size": 4, "learning_rate": 0.05, **start}
    path = c.path([c.ask(probes.train_loop, "images", images=images[:n], **how) for n in (4, 8, 10)], start)
    batches = np.split(images, [4, 8])

    def loss(w, x):
        x = x.flatten(1)
        return F.mse_loss(F.linear(F.linear(x, w["w0"], w["b0"]).relu(), w["w1"], w["b1"]), x)

    c.first_step("values", path, batches, loss, 0.05, lengths={"added up": 24.0})
    c.later_steps("later", path, batches, [loss], 0.05)


def loop(model, loader, optimizer, *, zero=True, factor=1.0, step_each=True, sum_up=False):
    for images, _ in loader:
        if zero:
            optimizer.zero_grad()
        loss = F.mse_loss(model(images), images, reduction="sum" if sum_up else "mean") * factor
        loss.backward()
        if step_each:
            optimizer.step()
    if not step_each:
        optimizer.step()


@pytest.mark.parametrize(
    ("how", "share", "words"),
    [
        ({}, 1, "✓"),
        ({"zero": False}, 0.5, "gradients accumulate"),
        ({"factor": 0.5}, 0.75, "0.5 times as long"),
        ({"factor": -1.0}, 0.5, "goes up the gradient"),
        ({"sum_up": True}, 0.75, "added up"),
        ({"step_each": False, "zero": False}, 0.5, "one step is taken for all batches together"),
    ],
)
def test_steps_of_a_loop(how, share, words):
    found = judged(train, lambda *given: loop(*given, **how), later=(1, "later steps"))
    assert found[0] == share and words in found[1]


def test_learning_is_told_in_stages_and_slips():
    def judging(c, error=0.5, other=0.9):
        stages = {"nothing learned ({error:.2f})": (0.8, 0.0), "a start": (0.0, 0.25)}
        c.learns("values", error, 0.3, stages, slips={"without the sigmoid": other})

    assert judged(judging, None) == (0.25, "✗  a start")
    assert judged(lambda c: judging(c, 0.9), None) == (0, "✗  nothing learned (0.90)")
    assert judged(lambda c: judging(c, 0.9, 0.2), None) == (0, "✗  without the sigmoid")
    assert judged(lambda c: judging(c, 0.2), None) == (1, "✓  right")
    assert "nan or inf" in judged(lambda c: judging(c, np.nan), None)[1]


def test_what_was_measured_is_said_with_what_is_right():
    def judging(c, error):
        c.note("values", f": error {error}")
        c.learns("values", error, 0.3, {"a start": (0.0, 0.25)})

    assert judged(lambda c: judging(c, 0.2), None) == (1, "✓  right: error 0.2")
    assert judged(lambda c: judging(c, 0.5), None) == (0.25, "✗  a start")


def test_the_images_of_a_training_exam_are_drawn_anew():
    """Another subset, each image changed, so that no pixel column of the bundled digits can be recognised."""
    from course_utils.data import load_mnist
    from course_utils.data.drawn import draw_digits

    train, unseen = draw_digits(np.random.default_rng(0), 200, 50, hide="mix")
    again, _ = draw_digits(np.random.default_rng(0), 200, 50, hide="mix")
    other, _ = draw_digits(np.random.default_rng(1), 200, 50, hide="mix")
    assert train.shape == (200, 1, 28, 28) and unseen.shape == (50, 1, 28, 28) and train.dtype == np.float32
    assert train.min() >= 0 and train.max() <= 1
    assert np.array_equal(train, again) and not np.array_equal(train, other)
    bundled = load_mnist("train", source="sample", device="cpu").images.numpy().reshape(-1, 784)
    plain, _ = draw_digits(np.random.default_rng(0), 200, 50, hide="")
    nearest = np.sqrt(((plain.reshape(200, 1, 784) - bundled[None, :2000]) ** 2).sum(-1)).min(1)
    assert nearest.min() > 1.0  # no image is a bundled one


def test_turned_images_keep_their_neighbours():
    from course_utils.data.drawn import draw_digits

    plain, _ = draw_digits(np.random.default_rng(3), 20, 5, hide="")
    turned, _ = draw_digits(np.random.default_rng(3), 20, 5, hide="turn")
    ways = [np.rot90(image, k, axes=(2, 3)) for image in (plain, plain[..., ::-1]) for k in range(4)]
    assert any(np.array_equal(way, turned) for way in ways)


# --- written by hand -------------------------------------------------------------------------------------------------

BANNED = ("softmax", "cross_entropy", "grad")


@pytest.mark.parametrize(
    "text, found",
    [
        ("def softmax(u):\n    return torch.softmax(u, 1)", {"softmax"}),
        ("def softmax(u):\n    return u.softmax(1)", {"softmax"}),
        ("from torch.nn.functional import cross_entropy as ce\nloss = ce", {"cross_entropy"}),
        ("import torch.nn.functional as F\n\n\ndef loss(u, y):\n    return F.cross_entropy(u, y)", {"cross_entropy"}),
        ("from torch.nn.functional import *\n\n\ndef loss(u, y):\n    return cross_entropy(u, y)", {"cross_entropy"}),
        ("f = getattr(torch, 'softmax')", {"softmax"}),
        ("%time f = 1\nf = torch.softmax", {"softmax"}),
        ("f = (1\n  % torch.softmax(u, 1))", {"softmax"}),
        ("!ls (\nf = torch.softmax\n?f", {"softmax"}),
        ("def softmax(u):\n    return u.exp()\n\n\ndef loss(u):\n    return softmax(u)", set()),
        ("def loss(u):\n    return softmax(u)", set()),  # an own target, defined in another cell
        ("def f(X, G):\n    grad = G * (X > 0)  # not torch.grad\n    return grad", set()),
        ("def f(u):\n    return u\n\n\nprint(torch.softmax(u, 1) - f(u))\nassert torch.softmax(u, 1).sum()", set()),
        ("def f(u):\n    'softmax(u), as torch.softmax'\n    return {'softmax': u}", set()),
        ("not ( python", set()),
        ("(" * 100_000, set()),
    ],
)
def test_library_calls_are_found_in_a_text(text, found):
    assert library_calls(text, BANNED, own=["softmax"]) == found


def test_a_library_call_costs_where_the_exercise_is_to_be_written_by_hand():
    def judging(c):
        c.agrees("values", c.call("[1, 2]", X=[[1.0, 2.0]]), lambda X: X.softmax(1))

    def by_hand(X):
        return X.exp() / X.exp().sum(dim=1, keepdim=True)

    def called(X):
        return torch.softmax(X, dim=1)

    assert judged(judging, called) == (1, "✓  right")
    for answer, cells, share in [
        (by_hand, {"cell_0": "def softmax(): 0"}, 1),
        (called, {"cell_0": "f = torch.softmax"}, 0.4),
    ]:
        made = exercise(values=(1, "right"), without=("softmax",), targets=("softmax",))(judging)
        direct = direct_ask({"softmax": answer})

        def ask(question, targets=None, /, direct=direct, cells=cells, **inputs):
            if question is probes.written:
                return probes.texts_as_evidence(list(cells.values()))
            return direct(question, targets, **inputs)

        verdicts = made.judge(ask, np.random.default_rng(0))
        assert share_of(verdicts) == pytest.approx(share)
        assert ("softmax: not allowed in this exercise" in "\n".join(lines_of(verdicts))) == (share < 1)


@pytest.mark.parametrize("answer", [torch.softmax, nn.Softmax(dim=1), F.softmax])
def test_the_librarys_own_function_is_a_call_too(answer):
    def judging(c):
        c.verify("values", True, "")

    share, lines = judged(judging, answer, without=("softmax", "Softmax"))
    assert share == 0.4 and "not allowed" in lines
