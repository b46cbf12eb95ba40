"""Show the pairs on one HTML page, with templates/similar.html.j2."""

from __future__ import annotations

from course_admin.common.templates import templates_beside
from course_admin.similar.engine import COMMON, SHORT, Compared
from course_utils.plotting.style import PALETTE


def as_page(lab: str, found: Compared, *, students: int, shown: int) -> str:
    """Return the page of a class as HTML. shown: the largest number of pairs on the page."""
    environment = templates_beside(__file__)
    environment.filters["percent"] = lambda share: f"{100 * share:.0f} %"
    return environment.get_template("similar.html.j2").render(
        lab=lab,
        pairs=found.pairs[:shown],
        more=max(0, len(found.pairs) - shown),
        usual={row.exercise: row for row in found.usual},
        students=students,
        common=f"{100 * COMMON:.0f} %",
        short=SHORT,
        palette=PALETTE,
    )
