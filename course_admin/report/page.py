"""The report as one HTML page: figures inside, no scripts, nothing loaded from anywhere, everything escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from statistics import mean, median

from course_admin.deadlines import in_words
from course_admin.report import figures
from course_admin.report.marks import Marks, RunNotes, read_runs
from course_admin.report.statistics import ENOUGH, Diagnosis, Exercise, blank, diagnoses, exercises
from course_admin.report.table import number, points_of
from course_admin.submissions.roster import Roster, by_name
from course_utils.plotting.style import PALETTE

STYLE = f"""
:root {{ color-scheme: light; --ink: #1c1c1c; --soft: #5a5a5a; --line: #dcdcdc; --accent: {PALETTE[3]}; }}
* {{ box-sizing: border-box; }}
body {{ margin: 0; background: #fff; color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }}
main {{ max-width: 76rem; margin: 0 auto; padding: 1rem clamp(0.8rem, 3vw, 2rem) 4rem; }}
h1 {{ font-size: 1.6rem; margin: 1rem 0 0.2rem; }}
h2 {{ font-size: 1.25rem; margin: 2.5rem 0 0.6rem; border-top: 3px solid var(--accent); padding-top: 0.8rem; }}
h3 {{ font-size: 1rem; margin: 1.6rem 0 0.4rem; }}
p, figcaption, .soft {{ color: var(--soft); margin: 0.3rem 0; }}
a {{ color: var(--accent); }}
dl {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(8rem, 1fr)); gap: 0.6rem; margin: 1rem 0; }}
dl div {{ border: 1px solid var(--line); border-radius: 6px; padding: 0.5rem 0.8rem; }}
dt {{ color: var(--soft); font-size: 0.85rem; }}
dd {{ margin: 0; font-size: 1.35rem; font-variant-numeric: tabular-nums; }}
.figures {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); gap: 1rem 2rem; }}
figure {{ margin: 0; min-width: 0; }}
figure img {{ width: 100%; max-width: 34rem; height: auto; display: block; }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; font-size: 0.9rem; min-width: min(100%, 44rem); }}
th, td {{ text-align: left; vertical-align: top; padding: 0.3rem 0.7rem 0.3rem 0; }}
th, td {{ border-bottom: 1px solid var(--line); }}
th {{ font-weight: 600; color: var(--soft); white-space: nowrap; }}
td.n, th.n {{ text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }}
td.text {{ overflow-wrap: anywhere; min-width: 14rem; }}
.bar {{ display: inline-block; height: 0.7rem; background: {PALETTE[4]}; border-radius: 2px; min-width: 2px; }}
.low {{ color: {PALETTE[6]}; font-weight: 600; }}
@media print {{ main {{ max-width: none; }} .wide {{ overflow: visible; }} }}
"""
# Were something to slip through, it could neither run nor load anything.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def as_page(root: Path, found: Mapping[str, Sequence[Marks]], *, roster: Roster | None = None) -> str:
    """The page for the marks of labs. roster: the class list, for names and for who is missing."""
    from course_admin.settings import load_settings

    config = load_settings(root)
    sections = [_lab(lab, rows, read_runs(root, lab, config), roster) for lab, rows in found.items()]
    nav = ""
    if len(found) > 1:
        links = [f'<a href="#{escape(lab, quote=True)}">{escape(lab)}</a>' for lab in found]
        nav = f"<p>{' · '.join(links)}</p>"
    body = "\n".join(sections) or "<p>There are no marks yet.</p>"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>Report: {escape(", ".join(found)) or "no marks"}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>Report on the class</h1>
<p>Names and marks of students: keep this file as you keep the gradebook.</p>
{nav}
{body}
</main>
</body>
</html>
"""


def _lab(lab: str, rows: Sequence[Marks], runs: Mapping[str, RunNotes], roster: Roster | None) -> str:
    title = f'<h2 id="{escape(lab, quote=True)}">{escape(lab)}</h2>'
    if not rows:
        return f"{title}\n<p>No marks yet: <code>course grade {escape(lab)}</code> makes them.</p>"
    here = {row.student for row in rows}
    runs = {student: run for student, run in runs.items() if student in here}
    items = exercises(rows)
    parts = [
        title,
        _key_figures(rows, runs, roster),
        _pictures(rows, items, runs),
        _exercise_table(items, runs),
        _diagnosis_table(diagnoses(runs, leave_out=_stub()), len(rows)),
        _student_table(rows, items, runs, roster),
        _finding_table(runs, roster),
    ]
    return "\n".join(part for part in parts if part)


def _key_figures(rows: Sequence[Marks], runs: Mapping[str, RunNotes], roster: Roster | None) -> str:
    totals = [row.total for row in rows]
    facts = [
        ("students with marks", str(len(rows))),
        (f"mean of {rows[0].out_of:g}", number(mean(totals))),
        ("median", number(median(totals))),
        ("lowest, highest", f"{number(min(totals))}, {number(max(totals))}"),
        ("answers to mark", str(sum(row.pending for row in rows))),
        ("handed in late", str(sum(row.late > 0 for row in rows))),
        ("with findings", str(sum(bool(run.findings) for run in runs.values()))),
    ]
    missing = _missing(rows, roster)
    if roster is not None:
        facts.append(("missing", str(len(missing))))
    cards = "\n".join(f"<div><dt>{escape(what)}</dt><dd>{escape(value)}</dd></div>" for what, value in facts)
    names = f"<p>Missing: {escape(', '.join(missing))}</p>" if missing else ""
    return f"<dl>\n{cards}\n</dl>\n{names}"


def _missing(rows: Sequence[Marks], roster: Roster | None) -> list[str]:
    here = {row.student for row in rows}
    return [student.display_name for student in by_name(roster.students) if student.id not in here] if roster else []


def _pictures(rows: Sequence[Marks], items: Sequence[Exercise], runs: Mapping[str, RunNotes]) -> str:
    values = [run.seconds for run in runs.values() if run.seconds is not None]
    shown = [
        ("Marks, penalties taken off", figures.marks(rows)),
        ("Success, exercise by exercise", figures.success(items) if items else None),
        ("Difficulty and discrimination", figures.difficulty(items)),
        ("Run times", figures.seconds(values) if values else None),
    ]
    parts = [
        f'<figure><h3>{escape(title)}</h3><img src="{picture.source}" alt="{escape(picture.alt, quote=True)}"></figure>'
        for title, picture in shown
        if picture is not None
    ]
    return f'<div class="figures">\n{"".join(parts)}\n</div>'


def _exercise_table(items: Sequence[Exercise], runs: Mapping[str, RunNotes]) -> str:
    empty = blank(runs, _stub())
    lines = []
    for i, one in enumerate(items, 1):
        discrimination = "–" if one.discrimination is None else f"{one.discrimination:.2f}"
        low = one.discrimination is not None and one.discrimination < 0.2
        cells = [
            _n(i),
            _t(one.name),
            _n(f"{one.out_of:g}"),
            _n("–" if one.difficulty is None else f"{one.difficulty:.2f}"),
            f'<td class="n{" low" if low else ""}">{discrimination}</td>',
            *(_n(count) for count in (one.full, one.part, one.none)),
            _n(empty.get(one.name, 0) if one.automatic else ""),
            _n(one.waiting),
        ]
        lines.append(cells)
    heads = ["", "exercise", "of", "difficulty", "discrimination", "all", "some", "none"]
    note = (
        "Difficulty: mean share of the points, of what has been marked; 1 is easy. "
        "Discrimination: correlation of the exercise's points with "
        f"the sum of the others (corrected item-total correlation), from {ENOUGH} students on; below 0.2 the exercise "
        "or its marking deserves a look. Blank: left as it was given out."
    )
    return f"<h3>Exercises</h3>\n{_table([*heads, 'blank', 'to mark'], lines)}\n<p>{note}</p>"


def _diagnosis_table(found: Sequence[Diagnosis], students: int) -> str:
    if not found:
        return ""
    lines = []
    for item in found:
        bar = f'<span class="bar" style="width: {9 * item.students / max(students, 1):.2f}rem"></span>'
        lines.append(
            [_n(item.students), f"<td>{bar}</td>", _t(item.exercise), f'<td class="text">{escape(item.message)}</td>']
        )
    heads = ["students", f"of {students}", "exercise", "what they were told"]
    return f"<h3>Most frequent diagnoses</h3>\n{_table(heads, lines)}"


def _student_table(
    rows: Sequence[Marks], items: Sequence[Exercise], runs: Mapping[str, RunNotes], roster: Roster | None
) -> str:
    late = any(row.late for row in rows)
    heads = ["student", *(f"{i}" for i in range(1, len(items) + 1)), *(["late", "penalty"] if late else [])]
    lines = []
    for row in rows:
        run = runs.get(row.student, RunNotes())
        grades = [row.grades.get(one.name) for one in items]
        cells = [_t(_shown(row.student, roster)), *(_n(points_of(grade) if grade else "") for grade in grades)]
        if late:
            cells += [_t(in_words(row.late) if row.late else ""), _n(number(row.penalty) if row.penalty else "")]
        cells += [_n(f"<b>{number(row.total)}</b>", raw=True), _n(row.pending or "")]
        cells += [_n("" if run.seconds is None else f"{run.seconds:.1f} s"), _n(len(run.findings) or "")]
        lines.append(cells)
    total = f"total of {rows[0].out_of:g}"
    table = _table([*heads, total, "to mark", "ran", "findings"], lines)
    legend = ", ".join(f"{i} {one.name}" for i, one in enumerate(items, 1))
    return f"<h3>Students</h3>\n{table}\n<p>{escape(legend)}. A question mark: nobody has marked it yet.</p>"


def _finding_table(runs: Mapping[str, RunNotes], roster: Roster | None) -> str:
    lines = [
        [_t(_shown(student, roster)), f'<td class="text">{"<br>".join(escape(line) for line in run.findings)}</td>']
        for student, run in runs.items()
        if run.findings
    ]
    return f"<h3>Findings</h3>\n{_table(['student', 'what was found while grading'], lines)}" if lines else ""


def _shown(student: str, roster: Roster | None) -> str:
    listed = roster.of(student) if roster else None
    return f"{listed.display_name} ({student})" if listed and listed.display_name != student else student


def _table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """lines: of cells that are HTML already; heads stand as the cells of the first line do."""
    numeric = [cell.startswith('<td class="n') for cell in lines[0]]
    top = "".join(
        f'<th scope="col"{" class=n" if right else ""}>{escape(head)}</th>'
        for head, right in zip(heads, numeric, strict=True)
    )
    body = "\n".join(f"<tr>{''.join(cells)}</tr>" for cells in lines)
    return f'<div class="wide"><table>\n<thead><tr>{top}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table></div>'


def _t(text: str) -> str:
    return f"<td>{escape(text)}</td>"


def _n(value: object, *, raw: bool = False) -> str:
    return f'<td class="n">{value if raw else escape(str(value))}</td>'


def _stub() -> str:
    from course_utils.checks.toolkit.answers import STUB

    return STUB
