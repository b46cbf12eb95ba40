"""unpool(code, indices, size): each number back to the place where the pooling found it, zeros elsewhere."""

import numpy as np
import torch
from torch.nn import functional as F

from course_utils.checks.toolkit import exercise


def oracle(code, indices, size):
    kernel = [whole // part for whole, part in zip(size, code.shape[2:], strict=True)]
    return F.max_unpool2d(code, indices, kernel, output_size=list(size))


def repeated(code, indices, size):
    return F.interpolate(code, size=list(size))


def top_left(code, indices, size):
    out = code.new_zeros(*code.shape[:2], *size)
    step = size[0] // code.shape[2], size[1] // code.shape[3]
    out[:, :, : step[0] * code.shape[2] : step[0], : step[1] * code.shape[3] : step[1]] = code
    return out


def first_map(code, indices, size):
    """All numbers in the first map of the first image, since the places count anew in each map."""
    out = np.zeros((*code.shape[:2], *size))
    np.put(out, indices.numpy().ravel(), code.numpy().ravel())
    return torch.from_numpy(out)


def is_exchanged(answer):
    """Whether each number is at its place in a row of H * W, which was then cut into W rows of H numbers."""
    found, right = answer.array(), right_maps(answer)
    height, width = right.shape[2:]
    same_places = found is not None and np.array_equal(found.ravel().astype(np.float32), right.ravel())
    return same_places and height != width and found.shape[2:] == (width, height)


def right_maps(answer):
    code, indices = (torch.from_numpy(np.asarray(answer.inputs[name])) for name in ("code", "indices"))
    return oracle(code.float(), indices.long(), answer.inputs["size"]).numpy()


@exercise(
    values=(4, "with windows of 2 x 2, each number is at its place, zeros elsewhere"),
    costs={"gradients": (0.25, "gradients reach the code"), "windows": (0.3, "any size of the windows")},
)
def unpool(c):
    def case(words, maps, kernel):
        code, indices = F.max_pool2d(torch.from_numpy(maps), kernel, return_indices=True)
        given = {"code": code.numpy(), "indices": indices.numpy(), "size": list(maps.shape[2:])}
        return c.differentiate(words, to=["code"], **given)

    small = c.differentiate(
        "code = [[5, -7]], indices = [[6, 3]], size = (2, 5)",
        to=["code"], code=[[[[5.0, -7.0]]]], indices=[[[[6, 3]]]], size=[2, 5],
    )  # fmt: skip
    large = case("2 images with 3 maps of 7 x 9, windows of 2 x 2", c.rng.normal(size=(2, 3, 7, 9)), 2)
    divided = "an index is r * W + c: is it divided by H, where W belongs?"
    c.verify("values", "out of bounds" not in small.raised, f"{divided} {small.raised}")
    if all(is_exchanged(answer) for answer in (small, large)):
        told = (
            f"the maps: shape {list(small.array().shape)}, expected [1, 1, 2, 5]: size is (H, W), rows before columns"
        )
        c.verify("values", False, told, 0.8)
        return
    slips = {
        "all places are 0: scatter returns a new tensor, which has to be kept": lambda code, indices, size: torch.zeros(
            *code.shape[:2], *size
        ),
        "each number fills its window: only one place gets it, the others get 0": repeated,
        "all numbers are at the top left of their windows: the indices say where": (top_left, 0.25),
        "the maps are mixed: an index counts within one map, so flatten height and width only": (first_map, 0.5),
    }
    c.agrees("values", [small, large], oracle, slips, what="the maps")
    c.gradients("gradients", large, "code", oracle=oracle, values=["values"], after="values")
    wide = case("windows of 3 x 3, maps of 9 x 10", c.rng.normal(size=(2, 3, 9, 10)), 3)
    c.agrees("windows", wide, oracle, what="the maps", after="values")
