"""The checks of lab 01 about PCA: the fit, codes and back, how many components are needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from course_utils import probes
from course_utils.checks._compare import match
from course_utils.checks._report import (
    Verdict,
    array_of,
    attempt,
    kind_of,
    left_alone,
    number_of,
    run_check,
    shape_of,
    shape_problem,
    verdict,
)
from course_utils.evidence import Evidence
from course_utils.probes import Ask, StudentError


def pca_fit(function: Callable) -> None:
    """Check the student's pca_fit(X, k)."""
    run_check(judge_pca_fit, function)


def judge_pca_fit(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """Mean, components and variances against scikit-learn's PCA, up to the components' signs."""
    from sklearn.decomposition import PCA

    X = cloud(rng, points=60, spreads=[3.0, 2.3, 1.8, 1.4, 1.0, 0.7, 0.5, 0.35, 0.25, 0.15])
    k = int(rng.integers(2, 4))
    got = _ask_real(ask, X=X, k=k)
    if not all(f"value_{i}_type" in got for i in range(3)) or "value_3_type" in got:
        kind = kind_of(got, "value")
        return [Verdict(1.0, False, f"what came back is {kind}: return mean, components, variances")]
    if not all(f"value_{i}" in got for i in range(3)):
        kinds = ", ".join(kind_of(got, f"value_{i}") for i in range(3))
        return [Verdict(1.0, False, f"what came back is {kinds}: three tensors are asked for")]
    if any(shape_of(got, name) in {(k, 10), (10, k)} for name in ("value_0", "value_2")):
        return [Verdict(1.0, False, "another order was asked for: return mean, components, variances")]
    reference = PCA(X.shape[1]).fit(X.astype(np.float64))
    verdicts = [
        _diagnose_mean(got, X),
        _diagnose_components(got, X.astype(np.float64), reference.components_, reference.explained_variance_, k),
        _diagnose_variances(got, X, reference.explained_variance_, k),
    ]
    if all(item.passed for item in verdicts):
        verdicts += _one_component(ask, rng) or _many_directions(ask, rng)
    return verdicts + left_alone(got, "X")


def _ask_real(ask: Ask, **inputs: Any) -> Evidence:
    """Ask for the fit; that complex numbers came back is told in words that help."""
    try:
        return ask(probes.call, **inputs)
    except StudentError as error:
        if error.kind == "EvidenceError" and "complex" in error.text:
            meaning = "complex numbers came back, as eig gives them: S is symmetric, eigh gives real ones"
            raise StudentError(error.kind, meaning, error.where) from None
        raise


def _one_component(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """k = 1, for images whose eigenvalues general methods find in no order: nothing when all is well."""
    from sklearn.decomposition import PCA

    X = _two_clouds(rng)
    reference = PCA(1).fit(X.astype(np.float64))
    got = attempt(ask, probes.call, X=X, k=1)
    problem = shape_problem(got, "value_1", (1, X.shape[1]), "components") or shape_problem(
        got, "value_2", (1,), "variances"
    )
    if problem:
        return [Verdict(1.0, False, f"for k = 1 {problem}")]
    if not _same_up_to_sign(array_of(got, "value_1"), reference.components_):
        wrong = "for other images, and k = 1, it is another component: eig gives the eigenvalues in no order, sort them"
        return [Verdict(1.0, False, wrong)]
    if not np.allclose(array_of(got, "value_2"), reference.explained_variance_, rtol=5e-3):
        wrong = f"for {len(X)} other images, k = 1, the variance is wrong: does a number of images stand in the code?"
        return [Verdict(1.0, False, wrong)]
    return []


def _many_directions(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """k = 8 of 26: more than an approximate method finds that was not told how many; nothing when all is well."""
    from sklearn.decomposition import PCA

    k, pixels = 8, 26
    X = cloud(rng, points=40, spreads=(4 * 0.75 ** np.arange(pixels)).tolist())
    reference = PCA(k).fit(X.astype(np.float64))
    got = attempt(ask, probes.call, X=X, k=k)
    problem = shape_problem(got, "value_1", (k, pixels), "components") or shape_problem(
        got, "value_2", (k,), "variances"
    )
    if not problem and not _same_up_to_sign(array_of(got, "value_1"), reference.components_):
        problem = "these are other components: all k are asked for, exact but for rounding"
    if not problem and not np.allclose(array_of(got, "value_2"), reference.explained_variance_, rtol=5e-3):
        problem = "the variances are others: all k are asked for, exact but for rounding"
    return [Verdict(1.0, False, f"for k = {k} {problem}")] if problem else []


def _two_clouds(rng: np.random.Generator) -> np.ndarray:
    """Made-up data [40, 7]: three columns that vary little and four that vary more, nothing in common between them.

    torch.linalg.eig, and numpy's, then begin with an eigenvalue of the three. (Nearly always: that is tried.)
    """
    for _ in range(50):
        both = cloud(rng, points=40, spreads=[1.6, 0.7, 0.2, 3.0, 2.2, 1.1, 0.4], apart=3)
        S = torch.cov(torch.from_numpy(both).T)
        if max(torch.linalg.eig(S)[0].real[0], np.linalg.eigvals(S.double().numpy()).real[0]) < 5:
            break
    return both


def _diagnose_mean(got: Evidence, X: np.ndarray) -> Verdict:
    n, pixels = X.shape
    shape = (1, pixels) if shape_of(got, "value_0") == (1, pixels) else (pixels,)  # [1, P] serves as well
    problem = shape_problem(got, "value_0", shape, "the mean")
    if not problem:
        mean = array_of(got, "value_0")
        wrong = "the mean is not that of the columns of X"
        if np.allclose(mean, np.sort(X, axis=0)[(n - 1) // 2], atol=1e-3):
            wrong = "these are the medians of the columns: their means are asked for"
        elif np.allclose(mean, X.sum(axis=0, dtype=np.float64), rtol=1e-3):
            wrong = "these are the sums of the columns: divide by the number of images"
        elif np.allclose(mean, X.sum(axis=0, dtype=np.float64) / (n - 1), rtol=1e-3):
            wrong = "the mean divides by n - 1: a mean divides by n, it is the variances that divide by n - 1"
        elif np.allclose(mean, -X.mean(axis=0), atol=1e-3):
            wrong = "the mean has the wrong sign"
        elif np.allclose(mean, 0, atol=1e-3):
            wrong = "the mean is 0: was it taken after X had been centred?"
        return verdict(np.allclose(mean, X.mean(axis=0), atol=1e-3), "the mean of every column", wrong)
    if shape_of(got, "value_0") in {(n,), (n, 1)}:
        problem = "the mean has an entry for every row: it is the mean over the images, dim=0"
    elif np.size(got.get("value_0")) == 1 and isinstance(got.get("value_0"), np.ndarray | float):
        problem = "the mean is one number for all: every column has a mean of its own, dim=0"
    return Verdict(1.0, False, problem)


def _diagnose_components(
    got: Evidence, X: np.ndarray, right: np.ndarray, variances: np.ndarray, k: int, share: float = 2.0
) -> Verdict:
    from sklearn.decomposition import PCA

    n, pixels = X.shape
    problem = shape_problem(got, "value_1", (k, pixels), "components")
    if problem:
        shape = shape_of(got, "value_1")
        if shape == (pixels, k):
            problem = f"components has shape {[pixels, k]}: one component a row is asked for, transpose it"
        elif shape == (pixels, pixels):
            problem = f"components has shape {[pixels, pixels]}: the first k are asked for, here {k}"
        elif shape in {(k, n), (n, k)}:
            problem = f"components has shape {list(shape)}, a number for every image: C is made of X.T @ X, not X @ X.T"
        return Verdict(share, False, problem)
    components = array_of(got, "value_1")
    if _same_up_to_sign(components, right[:k]):
        return Verdict(share, True, "the components are scikit-learn's, up to sign")
    standardised = PCA(pixels).fit(X / X.std(axis=0)).components_
    uncentred, rows_centred, all_centred = (
        np.linalg.svd(Y, full_matrices=False)[2] for Y in (X, X - X.mean(axis=1, keepdims=True), X - X.mean())
    )
    slips = {
        "these are the directions of X itself, not of X minus its mean: the first one points at the mean": uncentred,
        "these are the directions of least variance: eigh sorts from small to large": right[::-1],
        "these directions vary least, and come in the opposite order: take the first k after the flip": right[-k:],
        "the right components in the wrong order: the one with the largest variance comes first": right[:k][::-1],
        "each image's own mean was taken off: take off the mean image, dim=0": rows_centred,
        "one number was taken off all of X: take off the mean image, dim=0": all_centred,
        "the columns were divided by their standard deviations: PCA takes them as they are": standardised,
    }
    for slip, value in slips.items():
        if _same_up_to_sign(components, value[:k]):
            return Verdict(share, False, slip)
    lengths = np.linalg.norm(components, axis=1)
    unit = components / np.maximum(lengths, 1e-12)[:, None]
    # The matrix of eigenvectors, largest or smallest first, either way round.
    matrices = (right.T, right[::-1].T)
    ends = (slice(None, k), slice(None, -k - 1, -1), slice(-k, None))
    if any(np.allclose(np.abs(components), np.abs(V[rows]), atol=2e-2) for V in matrices for rows in ends):
        wrong = "these are rows of the matrix of eigenvectors: the eigenvectors are its columns"
    elif any(_same_up_to_sign(components[:, ::-1], V[:k]) for V in (right, right[::-1], right[k - 1 :: -1])):
        wrong = "the columns of X are reversed in the components: flip the order of the eigenvectors, not their entries"
    elif _same_up_to_sign(components, right[1 : k + 1]):
        wrong = "the component of largest variance is missing: these begin with the second"
    elif np.allclose(components, np.abs(right[:k]), atol=2e-3):
        wrong = "the components have lost their signs: directions have negative entries too"
    elif _same_up_to_sign(unit, right[:k]) and np.allclose(lengths, np.sqrt(variances[:k]), rtol=2e-2):
        wrong = (
            "the components have the right directions, but are scaled by the spread along them: length 1 is asked for"
        )
    elif _same_up_to_sign(unit, right[:k]) and np.allclose(lengths, 1, atol=1e-2):
        wrong = "the components are close to scikit-learn's, but not of length 1: are they rounded, or float16?"
    elif _same_up_to_sign(unit, right[:k]):
        wrong = f"the components have the right directions, but lengths {np.round(lengths, 2)}: 1 is asked for"
    elif np.all(np.abs(np.sum(unit * right[:k], axis=1)) > 0.9):
        wrong = "the components are close to scikit-learn's, but not equal: is this an approximate method?"
    elif not np.allclose(components @ components.T, np.eye(k), atol=1e-2):
        wrong = "the components are not of length 1 and at right angles to each other"
    else:
        wrong = "the components are not those of largest variance"
    return Verdict(share, False, wrong)


def _diagnose_variances(got: Evidence, X: np.ndarray, right: np.ndarray, k: int) -> Verdict:
    n, pixels = X.shape
    problem = shape_problem(got, "value_2", (k,), "variances")
    if problem:
        if shape_of(got, "value_2") == (pixels,):
            problem = f"variances has {pixels} entries: those of the first k are asked for, here {k}"
        return Verdict(1.0, False, problem)
    variances = array_of(got, "value_2")
    columns = np.sort(X.astype(np.float64).var(axis=0, ddof=1))[::-1]
    around_zero = np.linalg.svd(X.astype(np.float64), compute_uv=False)[:k] ** 2
    alike = np.linalg.eigvalsh(np.corrcoef(X.astype(np.float64).T))[::-1][:k]
    slips = {
        "the variances divide by n: scikit-learn, and the docstring, divide by n - 1": right[:k] * (n - 1) / n,
        "the variances were never divided by n - 1": right[:k] * (n - 1),
        "these are standard deviations: a variance is their square": np.sqrt(right[:k]),
        "these are singular values: the variance is s squared over n - 1": np.sqrt(right[:k] * (n - 1)),
        "these are the smallest variances": right[::-1][:k],
        "these are the smallest variances, upside down: take the first k after the flip": right[-k:],
        "the variances begin with the second: the largest is missing": right[1 : k + 1],
        "the variances divide by the number of columns: X has one image a row, n is len(X)": right[:k]
        * (n - 1)
        / pixels,
        "the variances divide by the number of columns less 1: X has one image a row, n is len(X)": (
            right[:k] * (n - 1) / (pixels - 1)
        ),
        "the singular values were not squared: the variance is s squared over n - 1": np.sqrt(right[:k] / (n - 1)),
        "the variances are squared once too often: those of S are its eigenvalues": right[:k] ** 2,
        "the eigenvalues of S were squared and divided by n - 1, as singular values of X would be": (
            right[:k] ** 2 / (n - 1)
        ),
        "these are running sums: each component's own variance is asked for": np.cumsum(right)[:k],
        "the variances are in the wrong order: the largest comes first": right[:k][::-1],
        "the variances are shares of the whole: they are asked for as they are": right[:k] / right.sum(),
        "the variances are shares of those of the first k: they are asked for as they are": right[:k] / right[:k].sum(),
        "these are the mean squares of X itself, not of X minus its mean": around_zero / (n - 1),
        "these are the variances of columns divided by their standard deviations: PCA takes them as they are": alike,
        "the variances divide by the number of all pixels of all images: divide by n - 1": (
            right[:k] * (n - 1) / X.size
        ),
        "these are logarithms of the variances: they are asked for as they are": np.log(right[:k]),
        "these are the variances of single pixels: those along the components are asked for": columns[:k],
    }
    if np.allclose(variances, right[:k], rtol=5e-3):
        return Verdict(1.0, True, "the variances are scikit-learn's")
    for slip, value in slips.items():
        if np.allclose(variances, value, rtol=5e-3):
            return Verdict(1.0, False, slip)
    return Verdict(1.0, False, f"the variances are {np.round(variances, 2)}, expected {np.round(right[:k], 2)}")


def pca_codes(encode: Callable, decode: Callable) -> None:
    """Check the student's pca_encode(X, mean, components) and pca_decode(Z, mean, components)."""
    run_check(judge_pca_codes, encode, decode, names=("pca_encode", "pca_decode"))


def judge_pca_codes(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """Codes against scikit-learn's transform, reconstructions against its inverse_transform."""
    from sklearn.decomposition import PCA

    X = cloud(rng, points=30, spreads=[3.0, 2.0, 1.0, 0.5, 0.3])
    pca = PCA(2).fit(X)
    mean, components = pca.mean_.astype(np.float32), pca.components_.astype(np.float32)
    # New points, whose mean is not the training mean.
    new = X[:7] + (rng.uniform(1, 3, 5) * rng.choice([-1, 1], 5)).astype(np.float32)
    codes = pca.transform(new).astype(np.float32)
    given = {"mean": mean, "components": components}
    encoded = attempt(ask, probes.call, targets=("pca_encode",), X=new, **given)
    decoded = attempt(ask, probes.call, targets=("pca_decode",), Z=codes, **given)
    if encoded.get("stub") is True and decoded.get("stub") is True:
        ask(probes.call, targets=("pca_encode",), X=new, **given)  # raises: nothing has been done yet
    rebuilt = pca.inverse_transform(codes)
    mixed = PCA(2).fit(X)
    mixed.components_ = components.reshape(5, 2).T
    encode_slips = {
        "the mean is not taken off before projecting": pca.transform(new + mean),
        "the mean taken off is that of the images to encode: the learned one comes as an argument": (
            codes - codes.mean(axis=0)
        ),
        "the mean is added before projecting, it has to be taken off": pca.transform(new + 2 * mean),
        "each image's own mean is taken off: take off the mean image that comes as an argument": (
            pca.transform(new + mean - new.mean(axis=1, keepdims=True))
        ),
        "the codes are those of the differences the wrong way round: image minus mean": -codes,
        "pca_encode gives images instead of codes: stop after the first product": rebuilt,
        "pca_encode gives images around 0 instead of codes: stop after the first product": rebuilt - mean,
        "the codes have one column for each image: one row for each is asked for, transpose": codes.T,
        "the codes were scaled to length 1: they are asked for as they are": (
            codes / np.linalg.norm(codes, axis=1, keepdims=True)
        ),
        "the codes were divided by their spread: they are asked for as they are": codes / codes.std(axis=0, ddof=1),
        "the codes were shifted to mean 0 and divided by their spread: they are asked for as they are": (
            (codes - codes.mean(axis=0)) / codes.std(axis=0, ddof=1)
        ),
        "the mean is taken off twice": pca.transform(new - mean),
        "the columns were divided by their standard deviations: PCA takes them as they are": (
            pca.transform((new - mean) / new.std(axis=0, ddof=1) + mean)
        ),
        "the codes come in the opposite order: the first component's code stands first": codes[:, ::-1],
        "the codes are squared: they are asked for as they are": codes**2,
        "the codes are rounded: they are asked for as they are": np.trunc(codes),
        "the codes are scaled: the components are of length 1 already, take them as they are": codes / np.sqrt(2),
        "the images were divided by 255: they are to be taken as they are": pca.transform(new / 255),
        "the images were cut off at 0 and 1: they are to be taken as they are": pca.transform(new.clip(0, 1)),
        "the components were reshaped, which mixes up their entries: transpose them": mixed.transform(new),
        "the codes were divided by the number of images: they are asked for as they are": codes / len(codes),
        "the codes have lost their signs: they may be negative": np.abs(codes),
        "the codes were cut off at 0: they may be negative": codes.clip(0),
        "one number is taken off all pixels: every pixel has its own in the mean image": (
            pca.transform(new + mean - mean.mean())
        ),
        "the mean of all numbers is taken off: take off the mean image that comes as an argument": (
            pca.transform(new + mean - new.mean())
        ),
    }
    decode_slips = {
        "the mean is not put back after projecting": rebuilt - mean,
        "the mean is taken off once more instead of put back": rebuilt - 2 * mean,
        "the mean is put back twice": rebuilt + mean,
        "the reconstruction is multiplied by the mean: add it": (rebuilt - mean) * mean,
        "the codes' own mean was taken off: take them as they are": (pca.inverse_transform(codes - codes.mean(axis=0))),
        "the reconstructions have lost their signs: return them as they are": np.abs(rebuilt),
        "the reconstructions go through tanh: PCA is linear, return them as they are": np.tanh(rebuilt),
        "only the first component is used: all of them are": pca.inverse_transform(codes * [1, 0]),
        "the reconstruction is scaled: the components are of length 1 already, take them as they are": (
            (rebuilt - mean) / np.sqrt(2) + mean
        ),
        "the reconstructions are cut off at 0 and 1: codes may lead outside, return them as they are": rebuilt.clip(
            0, 1
        ),
        "the reconstructions have one column for each image: one row for each is asked for, transpose": rebuilt.T,
        "the mean of the reconstructions was taken off": rebuilt - rebuilt.mean(axis=0),
        "one number is added to all pixels: every pixel has its own in the mean image": rebuilt - mean + mean.mean(),
        "the mean was projected as well: it is added at the end, as it is": (
            rebuilt - mean + mean @ components.T @ components
        ),
        "the reconstructions are cut off at 0: codes may lead outside, return them as they are": rebuilt.clip(0),
        "the reconstructions go through a sigmoid: PCA is linear, return them as they are": 1 / (1 + np.exp(-rebuilt)),
        "the reconstructions were stretched to lie between 0 and 1: return them as they are": (
            (rebuilt - rebuilt.min()) / np.ptp(rebuilt)
        ),
        "the reconstruction has each code's mean added, not the mean image": rebuilt
        - mean
        + codes.mean(axis=1, keepdims=True),
    }
    verdicts = [
        match(encoded, "the codes", codes, "the codes are scikit-learn's", encode_slips),
        match(decoded, "the reconstruction", rebuilt, "the reconstructions are scikit-learn's", decode_slips),
    ]
    # Three components of six: nothing passes that has numbers written into it.
    wider = PCA(3).fit(cloud(rng, points=30, spreads=[3.0, 2.0, 1.0, 0.5, 0.3, 0.2]))
    given = {"mean": wider.mean_.astype(np.float32), "components": wider.components_.astype(np.float32)}
    Z = rng.normal(0, 2, (4, 3)).astype(np.float32)
    others = {
        "the codes": attempt(ask, probes.call, targets=("pca_encode",), X=wider.inverse_transform(Z), **given),
        "the reconstructions": attempt(ask, probes.call, targets=("pca_decode",), Z=Z, **given),
    }
    for (what, got), right, whole in zip(others.items(), (Z, wider.inverse_transform(Z)), tuple(verdicts), strict=True):
        problem = shape_problem(got, "value", right.shape, f"{what} with three components of six pixels")
        if not problem and not np.allclose(got["value"], right, rtol=1e-3, atol=1e-3):
            problem = f"{what} with three components of six pixels are not scikit-learn's"
        if whole.passed and problem:
            verdicts.append(Verdict(0.5, False, f"{problem} (does a size stand in the code?)"))
    # One image and one component: whoever squeezes loses a dimension there.
    one = {"mean": mean, "components": components[:1]}
    alone = {
        "the code": (attempt(ask, probes.call, targets=("pca_encode",), X=new[:1], **one), (1, 1)),
        "the reconstruction": (attempt(ask, probes.call, targets=("pca_decode",), Z=codes[:1, :1], **one), (1, 5)),
    }
    for (what, (got, shape)), whole in zip(alone.items(), tuple(verdicts[:2]), strict=True):
        problem = shape_problem(got, "value", shape, f"{what} of one image, with one component,")
        if whole.passed and problem:
            verdicts.append(Verdict(0.5, False, problem if "raised" in got else f"{problem}: is there a squeeze?"))
    return [
        *verdicts,
        *(
            left_alone(encoded, _written_into(encoded, "X", "the images to encode"))
            or left_alone(decoded, _written_into(decoded, "Z", "the codes to decode"))
        ),
    ]


def _written_into(got: Evidence, name: str, words: str) -> str:
    """What was written into, in words: mean or components, else what the argument `name` holds."""
    changed = got.get("changed")
    return words if not isinstance(changed, list) or name in changed else "the mean or the components"


def components_needed(function: Callable) -> None:
    """Check the student's components_needed(variances, share)."""
    run_check(judge_components_needed, function)


def judge_components_needed(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """Counted by hand for five variances, and for shares that are exact in binary, where ties show."""
    exact = np.array([8.0, 4.0, 2.0, 1.0, 1.0], dtype=np.float32) * float(rng.choice([2.0, 4.0, 8.0]))
    first, *others = NEEDED
    answers = {first: ask(probes.call, variances=exact, share=first)}
    answers |= {share: attempt(ask, probes.call, variances=exact, share=share) for share in others}
    found = {share: number_of(got, "value") for share, got in answers.items()}
    if found[first] is None:
        kind = kind_of(answers[first], "value")
        return [Verdict(1.0, False, f"what came back is {kind}: a number of components is asked for")]
    raised = {share: str(got["raised"]) for share, got in answers.items() if "raised" in got}
    between = all(found[share] == NEEDED[share] for share in (0.6, 0.9))
    ties = all(found[share] == NEEDED[share] for share in (0.5, 0.75, 1.0))
    manners = left_alone(answers[first], "variances")
    many = _many_slip(ask, rng)
    fifty = many is None
    if not between:  # then right answers to the other shares are luck
        return [
            Verdict(2.0, False, _count_slip(found, raised)),
            verdict(fifty, "right for fifty components too", "wrong for a list of fifty components"),
            *manners,
        ]
    value = answers[first].get("value")
    if isinstance(value, float) or (isinstance(value, np.ndarray) and value.dtype.kind == "f"):
        manners += [Verdict(1.0, False, f"what came back is {value!s:.20}, a decimal number: a count is an int")]
    return [
        Verdict(1.0, True, "counts as many as it takes"),
        verdict(ties, "a share that is reached exactly is enough", _tie_slip(found, raised)),
        verdict(fifty, "right for fifty components too", many or ""),
        *manners,
    ]


def _many_slip(ask: Ask, rng: np.random.Generator) -> str | None:
    """What is wrong for fifty components, counted by numpy, at shares that lie just before and just after a step of the
    running sum; not so close that float32 decides.
    """
    # None so small that its step comes near to what is put between a share and a step.
    variances = np.sort(0.2 + rng.exponential(size=50))[::-1].astype(np.float32)
    running = np.cumsum(variances, dtype=np.float64) / variances.sum(dtype=np.float64)
    wrong = []
    for i, count in enumerate(rng.permutation(np.arange(2, 50))[:16].tolist()):
        share = float(running[count - 1] - 1e-4 if i % 2 else running[count - 2] + 1e-4)
        got = attempt(ask, probes.call, variances=variances, share=share)
        found = number_of(got, "value")
        if found is None:
            what = got.get("raised") or f"{kind_of(got, 'value')} comes back"
            return f"wrong for a list of fifty components: {what}. Does a number of components stand in the code?"
        if found != count:
            wrong.append((found, count))
    if not wrong:
        return None
    if all(abs(found - count) == 1 for found, count in wrong):
        return "wrong for a list of fifty components, by one here and there: is something rounded?"
    found, count = max(wrong, key=lambda pair: abs(pair[0] - pair[1]))
    return f"wrong for a list of fifty components: where it takes {count} it says {found:g}"


NEEDED = {0.6: 2, 0.9: 4, 0.5: 1, 0.75: 2, 1.0: 5}
"""Shares of the variances 8, 4, 2, 1, 1 and how many components they take, counted by hand."""

COUNT_SLIPS = {
    (1, 3, 0, 1, 4): "one too few each time: a position counts from 0, components from 1",
    (3, 5, 2, 3, 6): "one too many each time: the one that reaches the share is the last",
    (
        1,
        1,
        1,
        1,
        1,
    ): "it always says 1: it is the running sum, over the sum of all variances, that has to reach the share",
    (6, 6, 6, 6, 6): "it always says 6, more than there are: divide the running sum by the sum of all variances",
    (4, 2, 5, 4, 1): "the ones that have reached the share are counted, not those it takes to get there",
    (5, 5, 4, 5, 5): "the smallest variances were added up first: begin with the largest",
    (3, 5, 2, 3, 5): "the square roots of the variances are added up: it is the variances themselves",
    (1, 2, 1, 2, 5): "the squares of the variances are added up: it is the variances themselves",
    (3, 4, 2, 3, 5): "that is the share of the number of components, not of their variance",
    (3, 5, 3, 4, 5): "that is the share of the number of components, not of their variance",
    (3, 4, 2, 4, 5): "that is the share of the number of components, not of their variance",
}
"""What is found for NEEDED's shares when something is mixed up."""


def _count_slip(found: dict, raised: dict) -> str:
    numbers = tuple(found.values())
    if numbers in COUNT_SLIPS:
        return COUNT_SLIPS[numbers]
    if found[0.9] is None or not float(found[0.6]).is_integer():
        if raised:
            return next(iter(raised.values()))
        return f"for a share of 0.6 it says {found[0.6]:.4g}: how many components it takes is asked for, a whole number"
    if len(set(numbers)) == 1:
        return f"it says {found[0.6]:.0f} whatever the share: use the argument"
    if found[0.6] in (0, 6) and found[0.9] in (0, 6):
        return "the shares of single components are compared: it is their running sum that has to reach the share"
    for shifted in ((1, 3, 0, 1, 4), (3, 5, 2, 3, 6)):  # where it said nothing it raised
        if all(number in (None, other) for number, other in zip(numbers, shifted, strict=True)):
            return COUNT_SLIPS[shifted]
    return f"for variances 8, 4, 2, 1, 1 and a share of 0.9 it says {found[0.9]:g}, the first 4 have 15/16"


def _tie_slip(found: dict, raised: dict) -> str:
    for share in (0.5, 0.75):
        if share in raised:
            return f"for a share of {share} {raised[share]}"
    if found[0.5] == 0:
        return "for a share of 0.5, which the first component reaches alone, it says 0: one component is one"
    if found[0.5] == 1 and found[0.75] == 2:
        if 1.0 in raised:
            return f"for a share of 1.0 {raised[1.0]}"
        return "a share of 1 takes all five components of 8, 4, 2, 1, 1"
    return "a share that is reached exactly counts as missed: at least the share is asked for, not more than it"


# ---------------------------------------------------------------------------------------------------------------------
# What several of them use


def cloud(rng: np.random.Generator, *, points: int, spreads: list[float], apart: int = 0) -> np.ndarray:
    """Made-up data [points, P], float32: a tilted cloud with these standard deviations, far from the origin.

    apart: the first so many columns are tilted among themselves, and have the first so many spreads.
    """
    mixed = rng.normal(size=(len(spreads), len(spreads)))
    mixed[:apart, apart:] = mixed[apart:, :apart] = 0
    tilt = np.linalg.qr(mixed)[0]
    centre = rng.uniform(3, 6, len(spreads))
    centre[rng.integers(len(spreads))] *= -1  # one alone: the mean of all numbers is to be far from 0 as well
    # Orthogonal columns, so that the spreads are exactly these and no two components can be confused.
    # Lopsided, so that no median passes for a mean.
    raw = rng.exponential(size=(points, len(spreads))) ** 3
    basis = np.linalg.qr(raw - raw.mean(axis=0))[0] * np.sqrt(points - 1)
    return ((basis * spreads) @ tilt.T + centre).astype(np.float32)


def _same_up_to_sign(found: np.ndarray, right: np.ndarray) -> bool:
    return bool(
        found.shape == right.shape
        and np.all(np.abs(np.sum(found * right, axis=1)) > 0.9999)
        and np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-3)
    )
