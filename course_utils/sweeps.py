"""Design choices compared: every setting with every seed, a table of numbers, nothing left out.

    def run(width, seed):
        model = make(width)
        training.fit(model, train, epochs=3, seed=seed, progress=False)
        return {"test error": training.evaluate(model, test)}

    table = sweep({f"{width} numbers": partial(run, width) for width in (2, 10, 30)}, seeds=range(5))
    summarise(table)
    plotting.show_sweep(table, "test error", reference=("PCA", 0.0557))

pandas, slow to import, is imported by the functions.
"""

import math
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager

from course_utils.guard import not_an_answer
from course_utils.training import in_notebook, progress_wanted


def sweep(settings: Mapping[str, Callable], *, seeds: Iterable[int] = (0,), progress: bool = True):
    """Call every setting with every seed; returns a pandas.DataFrame with one row for each of these runs.

    settings: {name: run}, where run(seed) makes and trains a model and returns its numbers, {"test error": 0.018,
        "dead units": 3}. functools.partial makes such functions of one function with several arguments.
        Have them call `fit` with progress=False: the sweep has a bar of its own.
    seeds: whole numbers. torch's generator starts from the seed before each run, so that the initial weights depend
        only on the seed; afterwards its state is restored.
    Columns: "setting", "seed", the numbers, "seconds" (unless the run gives its own) and, if something went wrong,
        "failure". Rows in the order of the settings, then of the seeds.

    A run that raises an error changes only its own row: nan for its numbers, the error's first line as its "failure".
    Interrupting (Ctrl-C, or the stop button) ends the sweep; the runs finished so far are returned. The first seed
    goes through all the settings before the second begins, so that they can be compared even then.
    Raises ValueError for settings that cannot be called, and RuntimeError when every run failed.
    """
    import pandas as pd
    import torch

    from course_utils.training import mps_state_kept

    seeds = list(seeds)
    _check(settings, seeds)
    rows = []
    planned = len(settings) * len(seeds)
    state = torch.random.fork_rng(devices=range(torch.cuda.device_count()))
    with state, mps_state_kept(), _bar(planned, progress) as bar, _interrupts() as interrupted:
        try:
            for seed in seeds:
                for name, run in settings.items():
                    bar.set_description_str(f"{name}, seed {seed}")
                    torch.manual_seed(seed)
                    row = _row(run, seed)
                    if interrupted():  # `fit` takes an interruption as its own end and returns: a half-trained model
                        raise KeyboardInterrupt
                    rows.append({**row, "setting": name, "seed": seed})
                    bar.update()
        except KeyboardInterrupt:
            print(f"Interrupted: {len(rows)} of {planned} runs were finished and are in the table.")
    _tell_failures(rows)
    columns = ["setting", "seed"]
    columns += [c for row in rows for c in row if c not in ("setting", "seed", "seconds", "failure")]
    columns += ["seconds"] + ["failure"] * any("failure" in row for row in rows)
    order = list(settings)
    rows.sort(key=lambda row: (order.index(row["setting"]), seeds.index(row["seed"])))
    return pd.DataFrame(rows, columns=list(dict.fromkeys(columns)))


def summarise(table, column: str | None = None, *, dead: float | None = None):
    """One row for each setting of a sweep, in its order: "mean", "min", "max", "runs", "dead".

    table: what `sweep` returned. column: which of its numbers, the first unless named.
    dead: a run whose number is at least this has learned nothing, say the error of the mean image. Such runs are
        counted under "dead" and stay in mean, min and max. Runs without a number (failed, or diverged to nan or
        infinity) are dead too, but are in the counts only, since there is nothing to average.
    Raises ValueError for a column that the table does not have.
    """
    import pandas as pd

    column = chosen_column(table, column)
    rows = {}
    for name, values in table.groupby("setting", sort=False)[column]:
        numbers = values[values.abs() < math.inf]
        lost = len(values) - len(numbers) + (0 if dead is None else int((numbers >= dead).sum()))
        rows[name] = [numbers.mean(), numbers.min(), numbers.max(), len(values), lost]
    summary = pd.DataFrame.from_dict(rows, orient="index", columns=["mean", "min", "max", "runs", "dead"])
    return summary.rename_axis("setting")


@not_an_answer
def half_width(values) -> float:
    """Half the length of the 95 % interval of a mean, by Student's t (Student 1908); 0 for a single value.

    values: a numpy array of n independent numbers.
    """
    from scipy.stats import t

    n = len(values)
    return float(t.ppf(0.975, n - 1) * values.std(ddof=1) / math.sqrt(n)) if n > 1 else 0.0


def chosen_column(table, column: str | None = None) -> str:
    """`column` if the table of a sweep has it, or its first column of numbers; ValueError names those it has."""
    there = [c for c in table.columns if c not in ("setting", "seed", "failure")]
    if column is None and there:
        return there[0]
    if column not in there:
        raise ValueError(f"the table has no numbers called {column!r}, it has {', '.join(map(repr, there)) or 'none'}.")
    return column


def _row(run: Callable, seed: int) -> dict:
    start = time.perf_counter()
    try:
        numbers = run(seed)
        if not isinstance(numbers, Mapping) or not numbers:
            raise TypeError(f"a run returns its numbers by name, such as {{'test error': 0.02}}, not {numbers!r}")
        row = {str(name): _number(number) for name, number in numbers.items()}
    except Exception as error:
        said = str(error).strip().splitlines()
        row = {"failure": type(error).__name__ + (f": {said[0]}" if said else "")}
    row.setdefault("seconds", time.perf_counter() - start)
    return row


def _number(value) -> int | float:
    """A number of Python's, out of a tensor or numpy's number; whole ones stay whole."""
    value = value.item() if hasattr(value, "item") else value
    return value if isinstance(value, int) else float(value)


def _tell_failures(rows: list[dict]) -> None:
    failed = [row for row in rows if "failure" in row]
    if failed and len(failed) == len(rows):
        raise RuntimeError(f"every run failed, the first ({_run(rows[0])}) with {rows[0]['failure']}")
    for row in failed:
        print(f"Failed: {_run(row)}: {row['failure']}")


def _run(row: dict) -> str:
    return f"{row['setting']}, seed {row['seed']}"


@contextmanager
def _interrupts():
    """Yields a function that says whether an interruption has come, also if code inside has caught it."""
    came = []
    before = signal.getsignal(signal.SIGINT)
    if before is None or threading.current_thread() is not threading.main_thread():  # the only one that gets signals
        yield lambda: False
        return

    def note(number, frame):
        came.append(number)
        if callable(before):
            before(number, frame)

    signal.signal(signal.SIGINT, note)
    try:
        yield lambda: bool(came)
    finally:
        signal.signal(signal.SIGINT, before)


def _bar(runs: int, wanted: bool):
    from tqdm import tqdm

    return tqdm(
        total=runs,
        disable=not (wanted and progress_wanted()),
        file=sys.stdout if in_notebook() else sys.stderr,
        bar_format="{n_fmt} of {total_fmt} runs |{bar:20}| {elapsed}<{remaining}  {desc}",
    )


def _check(settings, seeds: list[int]) -> None:
    if not isinstance(settings, Mapping) or not settings or not all(callable(run) for run in settings.values()):
        raise ValueError("settings must be a dict {name: function of a seed}, with at least one entry.")
    if not seeds or not all(isinstance(seed, int) for seed in seeds) or len(set(seeds)) < len(seeds):
        raise ValueError(f"seeds must be different whole numbers, at least one, got {seeds}.")
