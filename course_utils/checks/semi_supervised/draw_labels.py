"""draw_labels(labels, per_class, generator): positions with labels, the same number of each class, and all others."""

import numpy as np

from course_utils.checks.toolkit import exercise

CALLS, EACH = 60, 3
COUNTS = {2: 5, 5: 9, 12: 7}  # how many images each class has


def positions(answer, name, n):
    """(positions, what is wrong with their form); None for the positions where something else came."""
    raw = answer.got.get(name)
    if isinstance(raw, np.ndarray) and raw.dtype.kind == "b" and raw.shape == (n,):
        told = "a mask of True and False came back, expected positions: torch.nonzero(mask)[:, 0]"
        return np.flatnonzero(raw), told
    found, near = answer.listed(name), ""
    if found is not None and found.ndim == 2:
        cause = "torch.nonzero gives a column, take [:, 0]" if found.shape[1] == 1 else "join the classes by torch.cat"
        near = f"shape {list(found.shape)}, expected [{found.size}]: {cause}"
        found = found.reshape(-1)
    usable = found is not None and found.ndim == 1 and np.isin(found, np.arange(n)).all()
    return (found.astype(int), near) if usable else (None, "")


def uneven(labels, chosen):
    """What is wrong with the number of labels of each class; "" if nothing."""
    found = {k: int((labels[chosen] == k).sum()) for k in COUNTS}
    wrong = [f"class {k} has {count}" for k, count in found.items() if count != EACH]
    cause = "draw class by class"
    if found[12] == 0 and len(wrong) == 1:
        cause = "classes may be any whole numbers, labels.unique() gives them"
    return f"{', '.join(wrong)} of {EACH} labels: {cause}" if wrong else ""


def inside_classes(chosen):
    """Whether all calls gave positions that a class has, other ones each time: those inside of a class."""
    if any(one is None or not len(one) for one in chosen):
        return False
    return max(one.max() for one in chosen) < max(COUNTS.values()) and len({tuple(one) for one in chosen}) > 1


@exercise(
    per_class=(6, "per_class positions of each class"),
    others=(2, "all other positions, and no labelled one among them"),
    random=(2, "each image of a class has the same chance"),
    generator=(2, "the random numbers come from the generator"),
)
def draw_labels(c):
    from scipy.stats import chisquare

    labels = c.rng.permutation(np.repeat(list(COUNTS), list(COUNTS.values())))
    n = len(labels)
    words = f"{n} labels of the classes 2, 5 and 12, per_class = {EACH}"
    answer = c.seeded(words, times=CALLS, labels=labels, per_class=EACH)
    if "names in one piece of evidence" in answer.raised:  # a list comes across number by number
        c.stop("the positions came back as lists, expected int tensors")
    if answer.raised:
        c.stop(answer.raised)
    if answer.items() < 2:
        c.verify("others", False, f"{answer.kind('draw_0')} came back, expected two tensors of positions")
    drawn, inside = [], inside_classes([positions(answer, f"draw_{i}_0", n)[0] for i in range(CALLS)])
    for i in range(CALLS):
        first, second = (positions(answer, f"draw_{i}_{k}", n) for k in (0, 1))
        if answer.items() < 2:
            first = positions(answer, f"draw_{i}", n)
        chosen, rest = first[0], second[0]
        if chosen is None or (rest is not None and uneven(labels, chosen) and not uneven(labels, rest)):
            swapped = rest is not None and not uneven(labels, rest)
            c.verify("form", not swapped, "the two results come back in another order: first the labelled positions")
            chosen, rest = rest, chosen
        near = first[1] or second[1]
        c.verify("form", not near, near)
        if chosen is None:
            c.stop(f"the first result holds no positions from 0 to {n - 1}: {answer.kind('draw_0_0')} came back")
        wrong = uneven(labels, chosen)
        if wrong and inside:
            wrong = "these are positions inside of a class: take the same places of the class's positions, positions[p]"
        right = wrong == "" and len(chosen) == EACH * len(COUNTS)
        c.verify("per_class", right, wrong or f"{len(chosen)} positions, expected {EACH * len(COUNTS)}")
        twice = "a position was chosen twice: draw without replacement, as a random permutation does"
        if not inside:
            c.verify("per_class", len(set(chosen.tolist())) == len(chosen), twice, 0.5)
        others = set() if rest is None else set(rest.tolist())
        both = others & set(chosen.tolist())
        told = f"{len(both)} labelled images are also among the others: leave them out"
        c.verify("others", not both, told)
        complete = rest is not None and len(rest) == len(others) == n - len(set(chosen.tolist()))
        c.verify("others", complete, f"{len(others)} other positions, expected {n - EACH * len(COUNTS)}, each once")
        drawn.append(chosen)
    counts, groups = np.bincount(np.concatenate(drawn), minlength=n), [np.flatnonzero(labels == k) for k in COUNTS]
    if any((counts[group].sum() != CALLS * EACH) for group in groups):
        return
    never = np.flatnonzero(counts == 0)[:4].tolist()
    told = f"in {CALLS} calls, positions {never} never got a label: are the first images of each class taken?"
    if c.verify("random", not never, told):
        fair = all(chisquare(counts[group]).pvalue > 1e-8 for group in groups)
        c.verify("random", fair, "some images of a class are chosen much more often than others")
    c.generator("generator", answer, after="random")
