"""Show the leaderboard on one HTML page, with templates/leaderboard.html.j2."""

from __future__ import annotations

from collections.abc import Sequence

from course_admin.common.templates import templates_beside
from course_admin.leaderboard.draws import Draw
from course_admin.leaderboard.play import Entry
from course_admin.sandbox.limits import Limits, size


def as_page(
    lab: str, entries: Sequence[Entry], *, draws: Sequence[Draw], whence: str, limits: Limits, seed: int
) -> str:
    """Return the page as HTML. It shows the best mean first, and entries without an answer last."""
    environment = templates_beside(__file__)
    ranked = sorted(entries, key=lambda entry: (entry.mean is None, -(entry.mean or 0.0), entry.name))
    shown = {
        "labels": len(draws[0].labels),
        "pool": len(draws[0].pool),
        "seconds": f"{limits.question_seconds:g} s",
        "memory": size(limits.memory),
    }
    return environment.get_template("leaderboard.html.j2").render(
        lab=lab, entries=ranked, draws=len(draws), whence=whence, seed=seed, **shown
    )
