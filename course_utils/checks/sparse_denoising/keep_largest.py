"""keep_largest(codes, k): the k largest entries of each code stay, the others become 0; with gradients."""

import numpy as np

from course_utils.checks.toolkit import exercise


def above(codes, k, dim):
    """Codes below the k-th largest along dim set to 0."""
    least = codes.kthvalue(codes.shape[dim] - int(k) + 1, dim=dim, keepdim=True).values
    return codes.masked_fill(codes < least, 0)


def oracle(codes, k):
    return above(codes, k, 1)


@exercise(
    kept=(1, "the k largest entries of each code stay, the others are 0"),
    costs={
        "gradients": (0.3, "gradients reach the entries that stay"),
        "all": (0.1, "k equal to the number of units"),
        "ties": (0.1, "exactly k entries where some are equal"),
    },
)
def keep_largest(c):
    small = [[1.0, 4, 2], [9, 8, 7]]
    # Images of different brightness, so that one threshold for all images takes other units.
    codes = c.rng.permuted(np.linspace(0.2, 3, 10) + c.rng.uniform(0, 0.1, (7, 10)), axis=1)
    codes *= c.rng.permutation(np.linspace(0.5, 3, 7))[:, None]
    shown, ask = str(small).replace(".0", ""), c.differentiate
    cases = [
        ask(f"codes = {shown}, k = 2", to=["codes"], codes=small, k=2),
        ask("7 images, 10 units, k = 3", to=["codes"], codes=codes, k=3),
    ]
    slips = {
        "these are the k largest entries alone: put them back into their places, with 0 in the others": (
            lambda z, k: z.topk(int(k), dim=1).values, 0.25),
        "these are the positions of the k largest: their values, in their places, are asked for": (
            lambda z, k: z.topk(int(k), dim=1).indices.double(), 0.25),
        "1 stands where an entry should stay: keep its value": (lambda z, k: (oracle(z, k) > 0).double(), 0.33),
        "the k largest of each unit stay: of each image, dim=1": (lambda z, k: above(z, min(int(k), len(z)), 0), 0.5),
        "the k largest of the whole batch stay: of each image, dim=1": (
            lambda z, k: above(z.reshape(1, -1), k, 1).reshape(z.shape), 0.5),
        "the smallest entries stay: keep the largest": (lambda z, k: -oracle(-z, k), 0.5),
        "the k largest are set to 0: keep them, set the others to 0": (lambda z, k: z - oracle(z, k), 0.5),
        "one unit too few stays": (lambda z, k: oracle(z, max(int(k) - 1, 1)), 0.5),
    }  # fmt: skip
    c.agrees("kept", cases, oracle, slips, what="the codes")
    c.gradients("gradients", cases, "codes", oracle=oracle, values=["kept"])
    whole = ask("codes = [[1, 2, 3]], k = 3", to=["codes"], codes=[[1.0, 2, 3]], k=3)
    c.agrees("all", whole, oracle, what="the codes", after="kept")
    equal = c.call("codes = [[1, 2, 2, 2]], k = 2", codes=[[1.0, 2, 2, 2]], k=2)
    stay = None if equal.array() is None else np.sort(equal.array().ravel())[::-1].tolist()  # any two of the three
    seen = f"{np.count_nonzero(stay)} entries stay" if stay else equal.raised or "nothing of that shape comes back"
    line = (
        f"codes = [[1, 2, 2, 2]], k = 2: {seen}, expected exactly 2, any two of the equal ones: topk names k positions"
    )
    c.cost("ties", stay == [2, 2, 0, 0], line, after="kept")
