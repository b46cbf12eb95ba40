"""The checks of lab 01: digits by class, a small autoencoder and its training loop, PCA by hand, errors image by
image.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch

from course_utils import probes
from course_utils.checks._report import Verdict, run_check, shape_problem, verdict
from course_utils.evidence import Evidence
from course_utils.probes import Ask

# ---------------------------------------------------------------------------------------------------------------------
# 0 · First contact


def keep_digits(function: Callable) -> None:
    """Check the student's keep_digits(images, labels, digits)."""
    run_check(judge_keep_digits, function)


def judge_keep_digits(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """The images and labels of the wanted classes, all of them, in their order; compared with numpy's isin."""
    labels = rng.permutation(np.repeat(np.arange(10), 4))
    images = rng.random((len(labels), 1, 6, 5)).astype(np.float32)
    wanted = sorted(int(digit) for digit in rng.choice(10, size=3, replace=False))
    kept = np.isin(labels, wanted)
    got = ask(probes.call, images=images, labels=labels, digits=wanted)
    if "value_1" not in got:
        kind = got.get("value_type")
        return [Verdict(1.0, False, f"what came back is {kind}: two tensors are asked for, return images, labels")]
    verdicts = []
    for position, (name, right) in enumerate((("images", images[kept]), ("labels", labels[kept]))):
        value = got[f"value_{position}"]
        problem = shape_problem(got, f"value_{position}", right.shape, f"{name} of digits {tuple(wanted)}")
        if problem and isinstance(value, np.ndarray) and value.ndim:
            problem = _subset_slip(name, len(value), len(right), labels, wanted) or problem
        elif not problem and not np.array_equal(value, right):
            reordered = np.array_equal(np.sort(value.ravel()), np.sort(right.ravel()))
            problem = f"these are not the {name} of digits {tuple(wanted)}"
            if reordered:
                problem = (
                    f"the {name} are the right ones in another order: images and labels keep the order they came in"
                )
        verdicts.append(verdict(not problem, f"the {name} of the wanted digits, in their order", problem or ""))
    return verdicts


def _subset_slip(name: str, found: int, expected: int, labels: np.ndarray, wanted: list[int]) -> str | None:
    if found == len(labels):
        return f"the {name} are still all {found}: nothing was left out"
    if found == int(np.isin(labels, wanted[:1]).sum()) or found == int(np.isin(labels, wanted[-1:]).sum()):
        return f"{found} {name} came back instead of {expected}: those of one digit. Each of the digits is wanted"
    if found == len(labels) - expected:
        return f"the {name} that came back are the others, those to leave out"
    return None


def small_autoencoder(cls: type) -> None:
    """Check the student's SmallAutoencoder."""
    run_check(judge_small_autoencoder, cls)


def judge_small_autoencoder(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """Layers 784-128-2-128-784, and the output that these weights give in a plain numpy network."""
    images = rng.random((5, 1, 28, 28)).astype(np.float32)
    # Layers start near 0, where a ReLU and a sigmoid are hard to tell from a line: a bright image spreads the values.
    got = ask(probes.module, images=8 * images, seed=int(rng.integers(1000)))
    sizes = {part: _layer_sizes(got, part) for part in ("encoder", "decoder")}
    wanted = {"encoder": [784, 128, 2], "decoder": [2, 128, 784]}
    for part, found in sizes.items():
        if found != wanted[part]:
            shown = "-".join(map(str, found)) or "nothing with weights"
            asked = "-".join(map(str, wanted[part]))
            return [Verdict(1.0, False, f"self.{part} holds {shown}, {asked} is asked for")]
    output = got.get("output")
    verdicts = [Verdict(1.0, True, "the layers are 784-128-2-128-784")]
    problem = shape_problem(got, "output", images.shape, "the reconstruction of 5 images")
    if isinstance(output, np.ndarray) and output.shape == (5, 784):
        problem = "the reconstruction has shape [5, 784]: give it back in the shape of the images, [5, 1, 28, 28]"
    if problem and not (isinstance(output, np.ndarray) and output.size == images.size):
        return [*verdicts, Verdict(3.0, False, problem)]
    verdicts.append(verdict(not problem, "reconstructions have the shape of the images", problem or ""))
    return [*verdicts, _diagnose_bends(output.reshape(5, 784).astype(np.float64), got, 8 * images.reshape(5, 784))]


def _diagnose_bends(output: np.ndarray, got: Evidence, images: np.ndarray) -> Verdict:
    """Which bends the network has, found by running its weights in numpy with and without each."""
    encoder, decoder = _layers(got, "encoder"), _layers(got, "decoder")

    def run(hidden=_relu, code=_same, last=_sigmoid) -> np.ndarray:
        return _dense(_dense(images, encoder, hidden, code), decoder, hidden, last)

    slips = {
        "the sigmoid is missing at the end: pixels come out below 0 and above 1": run(last=_same),
        "the output goes through a ReLU: it can be larger than 1, and a unit that never fires learns nothing": run(
            last=_relu
        ),
        "the output goes through tanh: pixels lie between 0 and 1, use a sigmoid": run(last=np.tanh),
        "the code goes through a ReLU: half of the plane, and often all of it, is cut away": run(code=_relu),
        "the code goes through a sigmoid: it is squeezed into a square between 0 and 1": run(code=_sigmoid),
        "there is no ReLU between the layers: two linear layers in a row are one linear layer": run(hidden=_same),
        "the hidden layers go through a sigmoid, a ReLU is asked for": run(hidden=_sigmoid),
    }
    right = "ReLU in the hidden layers, a linear code, a sigmoid at the end"
    if np.allclose(output, run(), atol=1e-4):
        return Verdict(2.0, True, right)
    for slip, result in slips.items():
        if np.allclose(output, result, atol=1e-4):
            return Verdict(2.0, False, slip)
    return Verdict(2.0, False, f"the output is not what these weights give with {right}")


def train_epoch(function: Callable) -> None:
    """Check the student's train_epoch(model, loader, optimizer)."""
    run_check(judge_train_epoch, function)


def judge_train_epoch(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """Each step goes down the gradient that autograd finds at the weights before it; the loss counts every image
    once.
    """
    sizes, rate, batch = [12, 5, 12], 0.5, 4
    weights = {}
    for i, (fan_in, fan_out) in enumerate(pairwise(sizes)):
        weights[f"w{i}"] = rng.normal(0, 0.6, (fan_out, fan_in)).astype(np.float32)
        weights[f"b{i}"] = rng.normal(0, 0.3, fan_out).astype(np.float32)
    images = rng.random((2 * batch + 1, 12)).astype(np.float32)
    images[-1] *= 3  # the odd one out has a large loss, so that counting it fourfold shows

    def run(*parts: np.ndarray) -> Evidence:
        return ask(
            probes.train_loop,
            images=np.concatenate(parts),
            layers="-".join(map(str, sizes)),
            batch_size=batch,
            learning_rate=rate,
            **weights,
        )

    first, second, last = images[:batch], images[batch : 2 * batch], images[2 * batch :]
    one, two, whole = run(first), run(first, second), run(first, second, last)
    start, after_one, after_two = weights, _weights(one), _weights(two)
    losses, steps = [], []
    for at, part in ((start, first), (after_one, second), (after_two, last)):
        loss, gradient = _loss_and_gradient(at, part)
        losses.append(loss)
        steps.append({name: -rate * value for name, value in gradient.items()})
    took = _difference(after_one, start)
    took_second = _difference(after_two, after_one)
    verdicts = [
        _diagnose_first_step(took, steps[0], len(sizes) and first.size, batch),
        _diagnose_second_step(took, took_second, steps, whole.get("seen"), len(images)),
    ]
    return [*verdicts, _diagnose_loss(whole, losses, [len(first), len(second), len(last)])]


def _diagnose_first_step(took: dict, step: dict, values: int, batch: int) -> Verdict:
    right = "a step goes down the gradient of the mean squared error"
    if _close(took, step):
        return Verdict(1.0, True, right)
    ratio = _ratio(took, step)
    if _norm(took) == 0:
        return Verdict(1.0, False, "the weights do not move: are backward and step called, in this order?")
    slips = {
        -1.0: "the step goes up the slope: the loss grows",
        float(values): f"the step is {values} times too long: the squared errors are added up, their mean is asked for",
        values
        / batch: f"the step is {values // batch} times too long: mean over the images, but a sum over the pixels",
        float(batch): f"the step is {batch} times too long: the loss was multiplied by the batch before backward",
    }
    for factor, slip in slips.items():
        if ratio is not None and abs(ratio / factor - 1) < 0.01:
            return Verdict(1.0, False, slip)
    return Verdict(
        1.0, False, "the first step is not minus the learning rate times the gradient of the mean squared error"
    )


def _diagnose_second_step(first: dict, second: dict, steps: list[dict], seen: int | None, images: int) -> Verdict:
    if _norm(second) == 0 and _norm(first) > 0:
        return Verdict(1.0, False, "only the first batch is used: is the return inside the loop?")
    if seen is not None and seen < images:
        return Verdict(
            1.0, False, f"{seen} of {images} images went through the network: the last, smaller batch counts too"
        )
    if seen is not None and seen > images:
        return Verdict(
            1.0, False, f"{seen} images went through the network where the loader has {images}: one pass is an epoch"
        )
    piled = {name: steps[0][name] + steps[1][name] for name in steps[1]}
    if _ratio(first, steps[0]) is not None and _close(second, piled, _ratio(first, steps[0])):
        return Verdict(1.0, False, "gradients pile up from batch to batch: set them to zero before each backward")
    ratio = _ratio(first, steps[0])
    fine = ratio is not None and _close(second, steps[1], ratio)
    return verdict(fine, "every batch takes a step of its own", "the second batch's step is not its own gradient's")


def _diagnose_loss(got: Evidence, losses: list[float], sizes: list[int]) -> Verdict:
    returned = got.get("returned")
    if isinstance(returned, np.ndarray) and returned.size == 1:
        returned = float(returned.reshape(()))
    if isinstance(returned, bool) or not isinstance(returned, int | float):
        return Verdict(
            1.0, False, f"train_epoch returns {got.get('returned_type')}: the mean loss, a float, is asked for"
        )
    mean = float(np.average(losses, weights=sizes))
    slips = {
        "the loss is the mean of the batches' means: the last batch is smaller and must weigh less": np.mean(losses),
        "the loss of the last batch alone came back, the mean over all images is asked for": losses[-1],
        "the batches' losses are added up: divide by the number of images": np.sum(losses),
        "the losses are added up, image by image: divide by the number of images": mean * sum(sizes),
        "the images' losses were divided by the number of batches, not of images": mean * sum(sizes) / len(sizes),
    }
    if np.isclose(returned, mean, rtol=1e-3):
        return Verdict(1.0, True, "the loss returned is the mean over all images")
    for slip, value in slips.items():
        if np.isclose(returned, value, rtol=1e-3):
            return Verdict(1.0, False, slip)
    return Verdict(1.0, False, f"the loss returned is {returned:.4f}, the mean over all images is {mean:.4f}")


# ---------------------------------------------------------------------------------------------------------------------
# 1 · PCA by hand


def pca_fit(function: Callable) -> None:
    """Check the student's pca_fit(X, k)."""
    run_check(judge_pca_fit, function)


def judge_pca_fit(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """Mean, components and variances against scikit-learn's PCA, up to the components' signs."""
    from sklearn.decomposition import PCA

    X = cloud(rng, points=60, spreads=[3.0, 2.2, 1.6, 1.1, 0.7, 0.4, 0.2])
    k = 3
    got = ask(probes.call, X=X, k=k)
    if "value_2" not in got:
        kind = got.get("value_type")
        return [Verdict(1.0, False, f"what came back is {kind}: return mean, components, variances")]
    reference = PCA(X.shape[1]).fit(X.astype(np.float64))
    return [
        _diagnose_mean(got, X),
        _diagnose_components(got, X, reference.components_, k),
        _diagnose_variances(got, reference.explained_variance_, k, len(X)),
    ]


def _diagnose_mean(got: Evidence, X: np.ndarray) -> Verdict:
    mean = got.get("value_0")
    if isinstance(mean, np.ndarray) and mean.size == X.shape[1]:
        mean = mean.reshape(-1)  # [1, P] serves as well
        fine = np.allclose(mean, X.mean(axis=0), atol=1e-3)
        return verdict(fine, "the mean of every column", "the mean is not that of the columns of X")
    if isinstance(mean, np.ndarray) and mean.shape == (len(X),):
        return Verdict(1.0, False, "the mean has an entry for every row: it is the mean over the images, dim=0")
    return Verdict(1.0, False, shape_problem(got, "value_0", (X.shape[1],), "the mean") or "the mean is not usable")


def _diagnose_components(got: Evidence, X: np.ndarray, right: np.ndarray, k: int) -> Verdict:
    components = got.get("value_1")
    if isinstance(components, np.ndarray) and components.shape == (X.shape[1], k):
        return Verdict(
            2.0, False, f"components has shape {[X.shape[1], k]}: one component a row is asked for, transpose it"
        )
    problem = shape_problem(got, "value_1", (k, X.shape[1]), "components")
    if problem:
        return Verdict(2.0, False, problem)
    if _same_up_to_sign(components, right[:k]):
        return Verdict(2.0, True, "the components are scikit-learn's, up to sign")
    uncentred = np.linalg.svd(X, full_matrices=False)[2]
    if _same_up_to_sign(components, uncentred[:k]):
        wrong = "these are the directions of X itself, not of X minus its mean: the first one points at the mean"
    elif _same_up_to_sign(components, right[::-1][:k]):
        wrong = "these are the directions of least variance: eigh sorts from small to large"
    elif _same_up_to_sign(components, right[:k][::-1]):
        wrong = "the right components in the wrong order: the one with the largest variance comes first"
    elif np.allclose(np.abs(components), np.abs(right.T[:k]), atol=2e-2) or np.allclose(
        np.abs(components), np.abs(right[::-1].T[:k]), atol=2e-2
    ):
        wrong = "these are rows of the matrix of eigenvectors: the eigenvectors are its columns"
    elif not np.allclose(components @ components.T, np.eye(k), atol=1e-2):
        wrong = "the components are not of length 1 and at right angles to each other"
    else:
        wrong = "the components are not those of largest variance"
    return Verdict(2.0, False, wrong)


def _diagnose_variances(got: Evidence, right: np.ndarray, k: int, n: int) -> Verdict:
    problem = shape_problem(got, "value_2", (k,), "variances")
    if problem:
        return Verdict(1.0, False, problem)
    variances = got["value_2"].astype(np.float64)
    slips = {
        "the variances divide by n: scikit-learn, and the docstring, divide by n - 1": right[:k] * (n - 1) / n,
        "the scatter was never divided by n - 1": right[:k] * (n - 1),
        "these are standard deviations: a variance is their square": np.sqrt(right[:k]),
        "these are singular values: the variance is s squared over n - 1": np.sqrt(right[:k] * (n - 1)),
        "these are the smallest variances": right[::-1][:k],
        "the variances are shares of the whole: they are asked for as they are": right[:k] / right.sum(),
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
    new = X[:7] + rng.normal(0, 2, 5).astype(np.float32)
    codes = pca.transform(new)
    given = {"mean": mean, "components": components}
    encoded = ask(probes.call, targets=("pca_encode",), X=new, **given)
    decoded = ask(probes.call, targets=("pca_decode",), Z=codes.astype(np.float32), **given)
    encode_slips = {
        "the mean is not taken off before projecting": new @ components.T,
        "the mean taken off is that of the images to encode: the learned one comes as an argument": (
            (new - new.mean(axis=0)) @ components.T
        ),
        "the mean is added before projecting, it has to be taken off": (new + mean) @ components.T,
    }
    decode_slips = {
        "the mean is not put back after projecting": codes @ components,
        "the mean is taken off once more instead of put back": codes @ components - mean,
    }
    rebuilt = pca.inverse_transform(codes)
    return [
        _match(encoded, "the codes", codes, "the codes are scikit-learn's", encode_slips),
        _match(decoded, "the reconstruction", rebuilt, "the reconstructions are scikit-learn's", decode_slips),
    ]


def components_needed(function: Callable) -> None:
    """Check the student's components_needed(variances, share)."""
    run_check(judge_components_needed, function)


def judge_components_needed(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """Counted by scikit-learn's own rule on a table, and on shares that are exact in binary, where ties show."""
    exact = np.array([8.0, 4.0, 2.0, 1.0, 1.0], dtype=np.float32) * float(rng.choice([0.5, 1.0, 2.0]))
    wanted = {0.5: 1, 0.6: 2, 0.75: 2, 0.9: 4, 1.0: 5}
    found = {}
    for share in wanted:
        got = ask(probes.call, variances=exact, share=share)
        value = got.get("value")
        if isinstance(value, np.ndarray) and value.size == 1:
            value = value.reshape(()).item()
        if isinstance(value, bool) or not isinstance(value, int | float):
            return [
                Verdict(1.0, False, f"what came back is {got.get('value_type')}: a number of components is asked for")
            ]
        found[share] = value
    between = all(found[share] == wanted[share] for share in (0.6, 0.9))
    ties = all(found[share] == wanted[share] for share in (0.5, 0.75, 1.0))
    return [
        verdict(between, "counts as many as it takes", _count_slip(found, wanted)),
        verdict(ties, "a share that is reached exactly is enough", _tie_slip(found, wanted, between)),
    ]


def _count_slip(found: dict, wanted: dict) -> str:
    if all(found[share] == wanted[share] - 1 for share in (0.6, 0.9)):
        return (
            "one too few each time: a position counts from 0, components from 1, and the last one must reach the share"
        )
    if all(found[share] == wanted[share] + 1 for share in (0.6, 0.9)):
        return "one too many each time: the one that reaches the share is the last"
    if found[0.6] == 0:
        return "the shares of single components are compared: it is their running sum that has to reach the share"
    return f"for variances 8, 4, 2, 1, 1 and a share of 0.9 it says {found[0.9]:g}, the first {wanted[0.9]} have 15/16"


def _tie_slip(found: dict, wanted: dict, between: bool) -> str:
    if between:
        return "a share that is reached exactly counts as missed: at least the share is asked for, not more than it"
    return f"for variances 8, 4, 2, 1, 1 and a share of 0.75 it says {found[0.75]:g}, expected {wanted[0.75]}"


# ---------------------------------------------------------------------------------------------------------------------
# 3 · A deep autoencoder


def image_errors(function: Callable) -> None:
    """Check the student's image_errors(images, reconstructions)."""
    run_check(judge_image_errors, function)


def judge_image_errors(ask: Ask, rng: np.random.Generator) -> list[Verdict]:
    """One number an image, against scikit-learn's mean_squared_error of each image alone."""
    from sklearn.metrics import mean_squared_error

    images = rng.random((7, 1, 5, 4)).astype(np.float32)
    others = rng.random((7, 1, 5, 4)).astype(np.float32)
    right = np.array([mean_squared_error(a.ravel(), b.ravel()) for a, b in zip(images, others, strict=True)])
    got = ask(probes.call, images=images, reconstructions=others)
    value = got.get("value")
    if isinstance(value, int | float) or (isinstance(value, np.ndarray) and value.size == 1):
        return [Verdict(1.0, False, "one number for all images came back: one for each image is asked for")]
    if isinstance(value, np.ndarray) and value.shape in {(1, 5, 4), (5, 4), (20,)}:
        return [Verdict(1.0, False, "the mean runs over the images: it is to run over the pixels of each image")]
    flat = ask(probes.call, images=images.reshape(7, 20), reconstructions=others.reshape(7, 20))
    slips = {
        "the squared errors of an image are added up, their mean over its pixels is asked for": right * 20,
        "these are absolute errors: square them": np.abs(images - others).mean(axis=(1, 2, 3)),
        "the square root was taken: the mean square itself is asked for": np.sqrt(right),
        "the differences cancel: square each before taking the mean": np.square((images - others).mean(axis=(1, 2, 3))),
    }
    return [
        _match(got, "the errors", right, "the mean squared error of each image", slips, share=2),
        verdict(
            isinstance(flat.get("value"), np.ndarray) and np.array_equal(flat["value"], got["value"]),
            "flat images [N, 784] serve as well",
            "flat images [N, 784] give something else than [N, 1, 28, 28]: flatten first",
        ),
    ]


# ---------------------------------------------------------------------------------------------------------------------
# What several of them use


def cloud(rng: np.random.Generator, *, points: int, spreads: list[float]) -> np.ndarray:
    """Made-up data [points, P], float32: a tilted cloud with these standard deviations, far from the origin."""
    tilt = np.linalg.qr(rng.normal(size=(len(spreads), len(spreads))))[0]
    centre = rng.uniform(3, 6, len(spreads)) * rng.choice([-1, 1], len(spreads))
    # Orthogonal columns, so that the spreads are exactly these and no two components can be confused.
    raw = rng.normal(size=(points, len(spreads)))
    basis = np.linalg.qr(raw - raw.mean(axis=0))[0] * np.sqrt(points - 1)
    return ((basis * spreads) @ tilt.T + centre).astype(np.float32)


def _match(
    got: Evidence, what: str, right: np.ndarray, praise: str, slips: dict[str, np.ndarray], share=1.0
) -> Verdict:
    """The value against the right one, and against what known slips give."""
    problem = shape_problem(got, "value", right.shape, what)
    if problem:
        return Verdict(share, False, problem)
    tolerance = 1e-3 * max(1.0, float(np.abs(right).max()))
    if np.allclose(got["value"], right, rtol=0, atol=min(tolerance, 1e-2)):
        return Verdict(share, True, praise)
    for slip, value in slips.items():
        if np.allclose(got["value"], value, rtol=1e-2, atol=1e-3):
            return Verdict(share, False, slip)
    return Verdict(share, False, f"{what}: not the values that scikit-learn gives")


def _same_up_to_sign(found: np.ndarray, right: np.ndarray) -> bool:
    return bool(
        np.all(np.abs(np.sum(found * right, axis=1)) > 0.999)
        and np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-2)
    )


def _layers(got: Evidence, part: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """(weight, bias) of the linear layers of self.encoder or self.decoder, in order."""
    found = []
    for name, weight in got.items():
        if name.startswith(f"weights.{part}.") and name.endswith(".weight") and getattr(weight, "ndim", 0) == 2:
            bias = got.get(name.removesuffix("weight") + "bias")
            found.append((weight, bias if isinstance(bias, np.ndarray) else np.zeros(len(weight))))
    return found


def _layer_sizes(got: Evidence, part: str) -> list[int]:
    layers = _layers(got, part)
    return [layers[0][0].shape[1], *(len(weight) for weight, _ in layers)] if layers else []


def _dense(x: np.ndarray, layers: list, hidden: Callable, last: Callable) -> np.ndarray:
    for i, (weight, bias) in enumerate(layers):
        x = (last if i == len(layers) - 1 else hidden)(x @ weight.T.astype(np.float64) + bias)
    return x


def _relu(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


def _same(x: np.ndarray) -> np.ndarray:
    return x


def _sigmoid(x: np.ndarray) -> np.ndarray:
    from scipy.special import expit

    return expit(x)


def _weights(got: Evidence) -> dict[str, np.ndarray]:
    return {name.removeprefix("weights."): value for name, value in got.items() if name.startswith("weights.")}


def _loss_and_gradient(weights: dict[str, np.ndarray], images: np.ndarray) -> tuple[float, dict[str, np.ndarray]]:
    """Mean squared error of the two-layer network at these weights, and autograd's gradient."""
    leaves = {name: torch.tensor(value, requires_grad=True) for name, value in weights.items()}
    x = torch.from_numpy(images)
    hidden = torch.relu(x @ leaves["w0"].T + leaves["b0"])
    loss = torch.nn.functional.mse_loss(hidden @ leaves["w1"].T + leaves["b1"], x)
    gradient = torch.autograd.grad(loss, list(leaves.values()))
    return loss.item(), {name: value.numpy() for name, value in zip(leaves, gradient, strict=True)}


def _difference(after: dict, before: dict) -> dict[str, np.ndarray]:
    return {name: after[name] - before[name] for name in before}


def _flat(step: dict) -> np.ndarray:
    return np.concatenate([step[name].ravel().astype(np.float64) for name in sorted(step)])


def _norm(step: dict) -> float:
    return float(np.linalg.norm(_flat(step)))


def _close(step: dict, expected: dict, factor: float = 1.0) -> bool:
    return bool(
        np.linalg.norm(_flat(step) - factor * _flat(expected)) < 2e-3 * abs(factor) * max(_norm(expected), 1e-6)
    )


def _ratio(step: dict, expected: dict) -> float | None:
    """How many times longer the step is than expected; None when it goes another way."""
    a, b = _flat(step), _flat(expected)
    ratio = float(a @ b / (b @ b))
    return ratio if np.linalg.norm(a - ratio * b) < 1e-2 * np.linalg.norm(a) else None
