"""Random results and gradients: moments, distributions, and where random numbers and gradients come from."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from course_utils import probes
from course_utils.checks.toolkit.answers import Answer, close, counterexample, evaluate
from course_utils.checks.toolkit.values import After, Given, Slips, Values, _count, _listed, near_form

ERRORS = 6.0
"""The tolerance of means and standard deviations, in standard errors: one right answer in 10^8 is outside."""
UNLIKELY = 1e-7
"""If the p-value of the Kolmogorov-Smirnov test is below this, samples do not have the required distribution."""
LAWS = {"normal": ("norm", ()), "uniform": ("uniform", (-(3**0.5), 2 * 3**0.5))}
"""scipy's distributions with mean 0 and standard deviation 1: (name, arguments)."""


class Randomness(Values):
    """What is asked of functions that draw random numbers, and of gradients."""

    def seeded(self, words: str, /, *, times: int = 2, **inputs: Any) -> Answer:
        """Call the function `times` times with these inputs and then one torch.Generator, which goes on from call to
        call. For `generator` and `leaves`; `answer.array("draw_0")` is what the first call returned.
        """
        options = {"seed": int(self.rng.integers(10_000)), "times": times}
        return self._put(probes.seeded, words, options, inputs, "draw_0")

    def samples(self, words: str, /, *, times: int = 2000, to: Sequence[str] = (), **inputs: Any) -> Answer:
        """Call a random function (or an object of a class made without arguments) `times` times on the same inputs.
        For `moments` and `fresh`; `answer.array("samples")` has the shape [times, ...]. Gradients are followed to the
        inputs named in `to`.
        """
        return self._put(probes.draws, words, {"times": times, "to": list(to)}, inputs, "sample")

    def generator(self, aspect: str, answer: Answer, after: After = ()) -> bool:
        """Judge whether all random numbers come from the generator that is passed in: the same seed repeats them, the
        next call and another seed give others. answer: of `seeded`.
        """
        lines = {
            "repeats": "the random numbers do not come from `generator`: pass generator=generator to what draws them",
            "new": "every call gives the same numbers: use the generator that is passed in, and do not seed it again",
            "follows": "another seed of the generator gives the same numbers: is it used?",
        }
        wrong = answer.raised or next((line for name, line in lines.items() if answer.flag(name) is not True), "")
        return self.cost(aspect, not wrong, wrong, after) and not self.skipped(after)

    def moments(
        self, aspect: str, samples: np.ndarray | None, mean: Any, std: Any, slips: Slips | None = None, *,
        law: str = "", what: str = "the samples", keeps: float = 0.0, after: After = (),
    ) -> bool:  # fmt: skip
        """Compare mean and standard deviation of samples [times, ...], entry by entry, with what they should be.

        mean, std: arrays of the shape of one sample, or numbers. slips: {line: (mean, std)}; keeps: the
        part of the aspect that a slip leaves; law: "normal" or "uniform" where the distribution is asked for as well.
        """
        _count(slips)
        if self.skipped(after):
            return False
        shape = np.broadcast_shapes(np.shape(mean), np.shape(std))
        if samples is None or not samples.size or len(samples) < 2 or (shape and samples.shape[1:] != shape):
            return self.verify(aspect, False, f"{what}: no tensors of the shape asked for, or nan or inf among them")
        times, found = len(samples), np.stack([samples.mean(axis=0), samples.std(axis=0)])

        def asked(mean: Any, std: Any) -> np.ndarray:
            return np.stack([np.broadcast_to(np.asarray(one, np.float64), samples.shape[1:]) for one in (mean, std)])

        def apart(asked: np.ndarray) -> np.ndarray:
            return np.abs(found - asked) / (ERRORS * np.maximum(asked[1], 1e-9) / np.sqrt(times) + 1e-6)

        right = asked(mean, std)
        if (apart(right) < 1).all():
            odd = law and not _has_law(samples, right, law)
            told = f"{what}: the right mean and spread, but the distribution is not {law}"
            return self.verify(aspect, not odd, told, 0.5)
        line = next((line for line, pair in (slips or {}).items() if (apart(asked(*pair)) < 1).all()), "")
        worst = int(apart(right).reshape(2, -1).max(axis=0).argmax())
        seen, expected = (pair.reshape(2, -1)[:, worst] for pair in (found, right))
        words = f"{times} draws (mean and standard deviation)"
        return self.verify(aspect, False, line or counterexample(what, words, seen, expected), keeps if line else 0.0)

    def fresh(self, aspect: str, samples: np.ndarray | None, after: After = ()) -> bool:
        """Judge whether samples [times, ...] differ from call to call and their entries do not depend on each other."""
        if self.skipped(after):
            return False
        flat = samples.reshape(len(samples), -1)[:, :50] if samples is not None and samples.size else np.zeros((3, 1))
        moving = flat[:, np.ptp(flat, axis=0) > 1e-9]
        linked = np.abs(np.corrcoef(moving.T) - np.eye(moving.shape[1])).max() if moving.shape[1] > 1 else 0.0
        wrong = "" if moving.size else "two calls give the same numbers: draw the noise inside the function"
        if linked > max(0.3, 7 / np.sqrt(len(flat))):
            wrong = "entries of one sample share the same noise: draw noise of the shape of the result"
        return self.verify(aspect, not wrong, wrong)

    def leaves(self, aspect: str, answer: Answer, count: int, what: str = "the tensors") -> bool:
        """Judge whether the `count` tensors that came back require gradients and are leaves. answer: of `seeded`."""
        flags = (answer.got.get(name) for name in ("requires_grad", "leaf"))
        requires, leaf = (found if isinstance(found, list) else [] for found in flags)
        lines = {
            f"{what} do not require gradients: call requires_grad_() on each": 1 in requires,
            f"only {requires.count(1)} of the {count} tensors require gradients": requires == [1] * count,
            f"{what} are computed from tensors that require gradients: scale first, then call requires_grad_()": leaf
            == [1] * count,
        }
        wrong = answer.raised or next((line for line, right in lines.items() if not right), "")
        return self.verify(aspect, not wrong, wrong)

    def gradients(
        self, aspect: str, answers: Given, *to: str, oracle: Any = None, values: Sequence[str] = (), after: After = ()
    ) -> bool:
        """Judge whether gradients reach the inputs named in `to`: those that autograd finds for oracle(*inputs), or,
        where one of the aspects `values` has failed, any at all of a result of the right shape. answers: of
        `differentiate`.
        """
        if self.skipped(after):
            return False
        exact = self.right(*values)
        for answer in _listed(answers):
            right = oracle or answer.oracle
            if not exact and near_form(answer, evaluate(right, answer.inputs), "")[0] is None:
                return self.verify(aspect, False, "")
            names = {name: f"grad{answer.value.removeprefix('value')}_{name}" for name in to}
            lost = [name for name in to if answer.array(names[name]) is None or not answer.array(names[name]).any()]
            stopped = f"no gradient reaches {' or '.join(lost)}: no_grad, detach(), .item() and numpy stop gradients"
            if answer.raised or lost:
                return self.verify(aspect, False, answer.raised or stopped)
            for name in to if exact else ():
                expected, found = _gradient(right, answer, name), answer.array(names[name])
                if not close(found, expected, (5e-3, 1e-3)):
                    what = f"the gradient with respect to {name}"
                    return self.verify(aspect, False, counterexample(what, answer.words, found, expected))
        return self.verify(aspect, True, "")


def _has_law(samples: np.ndarray, moments: np.ndarray, law: str) -> bool:
    from scipy.stats import kstest, kurtosis

    alike = ((samples - moments[0]) / np.maximum(moments[1], 1e-12)).reshape(len(samples), -1)
    rows = np.arange(len(alike))  # one entry of each sample, since entries may depend on each other
    alike = alike[rows, rows % alike.shape[1]]
    # The kurtosis detects a sum of a few uniform numbers, or the Laplace distribution, better than kstest.
    if law == "normal" and abs(kurtosis(alike)) > max(0.3, ERRORS * (24 / alike.size) ** 0.5):
        return False
    return kstest(alike, *LAWS[law]).pvalue > UNLIKELY


def _gradient(oracle: Callable, answer: Answer, name: str) -> np.ndarray:
    place = list(answer.inputs).index(name)

    def gradient(*inputs: Any) -> Any:
        inputs[place].requires_grad_()
        oracle(*inputs).sum().backward()
        return inputs[place].grad

    return evaluate(gradient, answer.inputs)
