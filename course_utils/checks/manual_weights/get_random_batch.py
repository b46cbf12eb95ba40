"""get_random_batch(X, size, generator): rows of X at random, with replacement."""

import numpy as np

from course_utils.checks.toolkit import exercise

N, SIZE, CALLS, MANY = 12, 10, 40, 4000
X = np.arange(N)[:, None] + np.arange(4) / 4  # a row begins with its position


def positions(answer, draw, size):
    """Which rows of X came back, None where something else did."""
    batch = answer.listed(draw)
    if batch is None or batch.size != 4 * size or len(batch) != size:
        return None
    rows = batch.reshape(size, 4)[:, 0].clip(0, N - 1).astype(int)
    return rows if np.array_equal(X[rows], batch.reshape(size, 4)) else None


def uneven(few, counts):
    """Which rows are drawn too rarely, or together; "" if nothing is wrong. few: [calls, SIZE]."""
    from scipy.stats import chisquare

    apart = ((few[:, :, None] - few[:, None]) % N).reshape(len(few), -1)
    if (np.ptp(apart, axis=0) == 0).sum() > SIZE:
        return "some rows of a batch follow from other rows of it: draw a position for each"
    if never := np.flatnonzero(counts == 0).tolist():
        return f"of rows 0 to {N - 1}, rows {never} are never drawn: torch.randint(n, ...) draws from 0 to n - 1"
    shown = f"row {counts.argmax()} was drawn {counts.max()} times, row {counts.argmin()} {counts.min()} times"
    return f"{shown}: draw all {N} rows with the same probability" if chisquare(counts).pvalue < 1e-8 else ""


@exercise(
    rows=(1, "rows of X come back"),
    uniform=(3, "all rows are drawn with the same probability"),
    replacement=(3, "a row can be drawn several times"),
    generator=(3, "the random numbers come from the generator"),
)
def get_random_batch(c):
    answer = c.seeded(f"{N} rows, size {SIZE}", times=CALLS, X=X, size=SIZE)
    if answer.array(shape=(SIZE,)) is not None:
        c.stop("the batch holds one number for each image: are these positions? X[positions] takes the rows")
    c.shape("rows", answer, (SIZE, 4), "the batch")
    drawn = [positions(answer, f"draw_{i}", SIZE) for i in range(CALLS)]
    if any(rows is None for rows in drawn):
        c.verify("rows", False, "some rows of the batch are not rows of X: take X[positions] as it is")
        return
    few, large = np.stack(drawn), c.seeded(f"size {MANY}", times=1, X=X, size=MANY)
    many = positions(large, "draw_0", MANY)
    wrong = uneven(few, np.bincount(np.append(few, [] if many is None else many).astype(int), minlength=N))
    if (few != few[0]).any():  # else the generator is the cause
        c.verify("uniform", not wrong, wrong)
    never = f"no row came twice in {CALLS} batches of {SIZE}: draw with replacement, each time from all rows"
    c.verify("replacement", any(len(set(rows)) < SIZE for rows in few.tolist()), never)
    c.shape("replacement", c.seeded(f"{N} rows, size 20", times=1, X=X, size=20), (20, 4), "the batch")
    c.verify("replacement", many is not None or large.error, f"size {MANY}: some rows are missing, or not rows of X")
    c.generator("generator", answer)
