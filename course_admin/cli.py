"""The `course` command. Every command here is a thin wrapper: help texts and options, then one call of the module
that does the work.

The commands import these modules when they run, so that `course --help` is fast.
"""

from __future__ import annotations

import errno
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from course_admin import skip_slow_jsonschema_import
from course_admin.course import CourseError, UsageError, find_root

app = typer.Typer(
    name="course",
    help="Build, publish and grade the labs. Every command has --help with an example.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
REMEDIES = {
    errno.EACCES: " (no permission to write there: change the permissions, or name another folder)",
    errno.EROFS: " (the disk is read-only: name another folder, or make the disk writable)",
    errno.ENOSPC: " (the disk is full: make room, then run the same command again)",
    errno.EDQUOT: " (your disk quota is used up: make room, then run the same command again)",
    errno.ENOTDIR: " (a file is in the place of a folder: move the file away)",
}
"""The remedy for each error of the operating system. It is printed after the error and the path."""
_options: dict[str, object] = {"root": None, "debug": False}


def show_version(wanted: bool) -> None:
    if wanted:
        from course_utils import __version__

        print(f"course {__version__}")
        raise typer.Exit


def known_sandbox(name: str | None) -> str | None:
    if name not in (None, "auto", "bwrap", "none"):
        raise typer.BadParameter("choose auto, bwrap or none")
    return name


@app.callback()
def options(
    root: Annotated[
        Path | None,
        typer.Option(
            help="The course folder, with nbgrader_config.py (default: this folder or a folder above).", file_okay=False
        ),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version of the course.", callback=show_version, is_eager=True)
    ] = False,
) -> None:
    _options.update(root=root, debug=debug)


@app.command(epilog="Example: [bold]course build 01_pca_vs_ae[/]")
def build(
    labs: Annotated[list[str] | None, typer.Argument(metavar="LAB", help="Which labs (default: all).")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 if a generated file is not up to date.")
    ] = False,
    adopt: Annotated[
        str | None,
        typer.Option(metavar="LAB", help="Copy the edits of source/LAB back into notebooks/LAB, then build LAB."),
    ] = None,
) -> None:
    """Build the instructor's and the students' notebooks: notebooks/ → source/ → release/."""
    if adopt and (check or labs):
        raise typer.BadParameter("--adopt takes one lab and no other option: course build --adopt 01_pca_vs_ae")
    from course_admin.authoring import build as work

    if adopt:
        work.adopt(course_root(), adopt, say=say)
    elif check:
        work.check(course_root(), labs or (), say=say)
    else:
        work.build(course_root(), labs or (), say=say)


@app.command(epilog="Example: [bold]course new 07_attention[/]")
def new(
    lab: Annotated[
        str, typer.Argument(metavar="LAB", help="The lab's name: two digits and a topic, such as 07_attention.")
    ],
) -> None:
    """Make a lab from the template that builds, grades and passes its tests.

    Writes the text, checks/<topic>/ with a module per exercise, the exam file, and a corpus file per exercise.
    """
    from course_admin.authoring import new_lab as work

    root = course_root()
    for path in work.new_lab(root, lab):
        say(f"written  {path.relative_to(root)}")
    say(f"next     course build {lab}; then replace its exercises one at a time (docs/contributors.md)")


@app.command(epilog="Example: [bold]course rubric 01_pca_vs_ae[/]")
def rubric(
    lab: Annotated[str, typer.Argument(metavar="LAB", help="Which lab.")],
    form: Annotated[str, typer.Option("--format", metavar="table|markdown|html", help="The output format.")] = "table",
) -> None:
    """Show the rubric of each exercise: its aspects with their points, and the deductions."""
    from rich.console import Console

    from course_admin.report import rubric as work

    if form not in work.FORMATS:
        raise typer.BadParameter(f"--format takes {', '.join(work.FORMATS)}")
    if form == "table":
        work.show(course_root(), lab, Console())
    else:
        print(work.as_text(course_root(), lab, form))


@app.command(epilog="Example: [bold]course collect submissions.zip --lab 01_pca_vs_ae --roster roster.csv[/]")
def collect(
    source: Annotated[Path, typer.Argument(metavar="ZIP|DIR", help="The download from the LMS, as a zip or unpacked.")],
    lab: Annotated[str | None, typer.Option(metavar="LAB", help="The lab that these submissions belong to.")] = None,
    roster: Annotated[
        Path | None, typer.Option(metavar="CSV", help="The class list (default: roster.csv, if it exists).")
    ] = None,
    times: Annotated[
        Path | None,
        typer.Option(
            metavar="CSV", help="The submission times: Moodle's grading worksheet, or a CSV with a column submitted."
        ),
    ] = None,
    pattern: Annotated[
        str | None,
        typer.Option(
            metavar="REGEX",
            help="For another LMS: what its file paths look like, with the groups student, attempt and file. "
            r"Blackboard: '.*_(?P<student>\w+)_attempt_(?P<attempt>[-\d]+)_(?P<file>.+)'",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also replace newer files and files put there by hand.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be done, and write nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
) -> None:
    """Sort the submissions of a Canvas or Moodle download into submitted/, with --pattern those of another LMS.

    Lists who is missing, late or not on the class list, and duplicate submissions.
    """
    from rich.console import Console

    from course_admin.submissions import collect as work

    found = work.collect(
        course_root(), source, lab, roster=roster, times=times, pattern=pattern, force=force, dry_run=dry_run
    )
    if json:
        print(work.as_json(found), end="")
    else:
        work.show(found, Console(), dry_run=dry_run)


@app.command(epilog="Example: [bold]course grade 01_pca_vs_ae[/]  (submissions: submitted/STUDENT/LAB/LAB.ipynb)")
def grade(
    labs: Annotated[list[str], typer.Argument(metavar="LAB", help="Which labs.")],
    student: Annotated[str | None, typer.Option(metavar="NAME", help="Grade only this student.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Grade unchanged submissions again, too.")] = False,
    sandbox: Annotated[
        str | None,
        typer.Option(
            metavar="auto|bwrap|none",
            callback=known_sandbox,
            help="none: no protection; only for submissions that you trust.",
        ),
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(metavar="S", help="Seconds that a cell may take (60).", min=1)
    ] = None,
    memory: Annotated[
        float | None, typer.Option(metavar="GB", help="Memory that a submission may use (2).", min=0.5)
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option("--jobs", "-j", metavar="N", help="How many submissions in parallel (one per core).", min=1),
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Use the workers of a Dask cluster: tcp://HOST:8786.")
    ] = None,
    exercise: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Re-mark this exercise from saved evidence; execute nothing."),
    ] = None,
    answers_only: Annotated[
        bool,
        typer.Option(
            "--answers-only",
            help="Faster: given cells on which no mark depends are not run; pages show their outputs as handed in.",
        ),
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Print JSON: the outcomes; with --exercise, the points before and now.")
    ] = False,
) -> None:
    """Grade submissions: marks into the gradebook, feedback pages into feedback/.

    Grades again what changed: a submission, or the lab's checks and exams.

    You can stop the command at any moment: the same command then continues.
    """
    given = {"sandbox": sandbox, "timeout": timeout, "question_timeout": timeout, "memory": memory}
    execution = {name: value for name, value in given.items() if value is not None}
    if exercise is not None and len(labs) != 1:
        raise typer.BadParameter("--exercise NAME takes one exercise of one lab: name one LAB")
    if exercise is not None and (force or answers_only or execution):
        raise typer.BadParameter(
            "--exercise executes nothing: --force, --answers-only, --sandbox, --timeout and --memory do not go with it"
        )
    from course_admin.grading import pool

    if scheduler is None and student is None:
        # Workers start while this process still imports. Only this process handles Ctrl-C: the workers inherit the
        # setting to ignore the signal.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            pool.get_ready()
        finally:
            signal.signal(signal.SIGINT, before)
    from rich.console import Console

    # With --json, standard output contains only JSON, for the program that reads it.
    console = Console(stderr=json)
    with console.status("starting"):  # seconds
        from course_admin.grading import command as work

    where: dict[str, Any] = {"student": student, "jobs": jobs, "scheduler": scheduler, "console": console}
    from course_admin.deadlines import deadlines
    from course_admin.settings import load_settings
    from course_admin.submissions.unknown_names import warning

    if misspelt := warning(deadlines(load_settings(course_root()))):
        console.print(misspelt, highlight=False, markup=False, soft_wrap=True)
    if exercise is None:
        outcomes = work.grade(
            course_root(), labs, force=force, answers_only=answers_only, table=not json, **where, **execution
        )
        found: Any = [work.as_json(outcome) for outcome in outcomes]
    else:
        found = work.rescore(course_root(), labs[0], exercise, **where)
    if json:
        import json as text

        print(text.dumps(found, ensure_ascii=False, indent=1))


@app.command(epilog="Example: [bold]course report 01_pca_vs_ae --format csv --out marks.csv[/]")
def report(
    labs: Annotated[list[str] | None, typer.Argument(metavar="LAB", help="Which labs (default: all graded).")] = None,
    format: Annotated[
        str,
        typer.Option(
            metavar="table|csv|html|canvas|moodle", help="The output format: for people, for programs, for an LMS."
        ),
    ] = "table",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the report to this file.", dir_okay=False)
    ] = None,
    like: Annotated[
        Path | None, typer.Option(metavar="CSV", help="A file that the LMS exported; the new file is made from it.")
    ] = None,
    column: Annotated[
        str | None, typer.Option(metavar="HEAD", help="The name of the lab's column in that file.")
    ] = None,
    scale: Annotated[bool, typer.Option("--scale", help="Scale the points to the LMS's maximum.")] = False,
    roster: Annotated[
        Path | None, typer.Option(metavar="CSV", help="The class list (default: roster.csv, if it exists).")
    ] = None,
) -> None:
    """Show the marks in the gradebook as a table or as a page with figures, or write them for Canvas or Moodle."""
    from course_admin import report as work

    work.report(course_root(), labs or (), format=format, out=out, like=like, column=column, scale=scale, roster=roster)


@app.command(epilog="Example: [bold]course leaderboard 06_semi_supervised --draws 5[/]")
def leaderboard(
    lab: Annotated[str, typer.Argument(metavar="LAB", help="The lab: one with an exercise fit_predict.")],
    draws: Annotated[int, typer.Option(metavar="N", help="How often labels and pool are drawn.", min=1)] = 3,
    timeout: Annotated[float, typer.Option(metavar="S", help="Seconds that one call may take.", min=1)] = 120,
    memory: Annotated[float, typer.Option(metavar="GB", help="Memory that a submission may use.", min=0.5)] = 2.0,
    names: Annotated[bool, typer.Option("--names", help="Show the students' names instead of pseudonyms.")] = False,
    seed: Annotated[int | None, typer.Option(metavar="N", help="The seed of the draws (default: a new one).")] = None,
    sandbox: Annotated[
        str, typer.Option(metavar="auto|bwrap|none", callback=known_sandbox, help="none: no protection.")
    ] = "auto",
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The page (default: out/leaderboard_LAB.html).", dir_okay=False)
    ] = None,
) -> None:
    """Run each student's fit_predict on the same digits, and write a page with accuracies, intervals and seconds.

    Not graded: the digits are public, so knowledge that a submission brings along cannot be excluded.
    """
    from rich.console import Console

    from course_admin import leaderboard as work

    options: dict[str, Any] = {"draws": draws, "seconds": timeout, "memory": memory, "names": names, "seed": seed}
    work.leaderboard(course_root(), lab, **options, sandbox=sandbox, out=out, console=Console())


@app.command(epilog="Example: [bold]course similar 01_pca_vs_ae[/]")
def similar(
    lab: Annotated[str, typer.Argument(metavar="LAB", help="Which lab.")],
    pairs: Annotated[int, typer.Option(metavar="N", help="How many pairs the page shows.", min=1)] = 20,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The page (default: out/similar_LAB.html).", dir_okay=False)
    ] = None,
) -> None:
    """Compare the answers of a class exercise by exercise, and write a page with similar pairs side by side.

    Executes nothing. Similarity proves nothing: the page says what it is worth.
    """
    from rich.console import Console

    from course_admin import similar as work

    work.similar(course_root(), lab, pairs=pairs, out=out, console=Console())


@app.command(epilog="Example: [bold]course publish out/bundle --zip[/]")
def publish(
    dest: Annotated[
        Path, typer.Argument(metavar="DEST", help="The folder of the bundle; an older bundle is replaced.")
    ],
    labs: Annotated[list[str] | None, typer.Argument(metavar="LAB", help="Which labs (default: all).")] = None,
    zip: Annotated[bool, typer.Option("--zip", help="Also write DEST.zip, one file for an LMS.")] = False,
) -> None:
    """Write the student bundle: releases, course_utils, an environment, a README. Nothing else, and no answers."""
    from course_admin.authoring import student_bundle as work

    work.publish(course_root(), dest, labs or (), zip=zip, say=say)


@app.command(epilog="Example: [bold]course site out/site[/]")
def site(
    dest: Annotated[
        Path | None,
        typer.Argument(metavar="DEST", help="The site's folder (default: out/site); an older one is replaced."),
    ] = None,
    labs: Annotated[list[str] | None, typer.Argument(metavar="LAB", help="Which labs (default: all).")] = None,
    budget: Annotated[
        str, typer.Option(metavar="study|quick|full", help="How much the labs' models are trained.")
    ] = "study",
) -> None:
    """Make the web site: the labs with their figures and without answers, the manuals, the results, a search.

    Executes each release once: until the lab or course_utils changes, its outputs are kept in out/executed.
    """
    from course_admin.site import command as work

    root = course_root()
    work.site(root, dest or root / "out" / "site", labs or (), budget=budget, say=say)


@app.command(epilog="Example: [bold]course guide out/guide[/]")
def guide(
    dest: Annotated[
        Path | None, typer.Argument(metavar="DEST", help="The folder (default: out/guide); an older one is replaced.")
    ] = None,
    labs: Annotated[list[str] | None, typer.Argument(metavar="LAB", help="Which labs (default: all).")] = None,
    budget: Annotated[
        str, typer.Option(metavar="study|quick|full", help="How much the labs' models are trained.")
    ] = "study",
    pdf: Annotated[bool, typer.Option(help="Also print each guide and solved notebook (needs Chromium).")] = True,
) -> None:
    """Make the teacher's guide: plans, rubrics, mistakes with their messages, mark schemes, the solved notebooks.

    For instructors: `course site` has none of it, and these pages must not reach students.
    """
    from course_admin.guide import command as work

    root = course_root()
    work.guide(root, dest or root / "out" / "guide", labs or (), budget=budget, pdf=pdf, say=say)


@app.command(epilog="Example: [bold]course demo --into /tmp/demo[/]")
def demo(
    into: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The folder (default: out/demo). Each run replaces it.")
    ] = None,
) -> None:
    """Show all of grading with a made-up class: build a lab, make submissions, grade them, show marks and feedback."""
    from course_admin import demo as work

    work.demo(course_root(), into)


@app.command(epilog="Example: [bold]course doctor[/]")
def doctor() -> None:
    """Show what is installed and works, and how to repair what does not.

    Exit code 1: something necessary is missing.
    """
    from course_admin import doctor as work

    try:
        root = course_root()
    except CourseError:
        root = None
    if not work.doctor(root):
        raise typer.Exit(1)


def course_root() -> Path:
    """Return the course folder that the command uses."""
    return find_root(_options["root"])  # type: ignore[arg-type]


def say(line: str) -> None:
    """Print a line of progress."""
    from rich.console import Console

    Console(highlight=False, soft_wrap=True).print(line, markup=False)


def main(arguments: list[str] | None = None) -> None:
    """Run the command. Exit code 0; 1 after an error (readable lines on stderr); 2 after wrong usage."""
    _options.update(root=None, debug=False)
    skip_slow_jsonschema_import()
    try:
        app(arguments)
    except Exception as error:
        if _options["debug"]:
            raise
        if isinstance(error, CourseError):
            message = str(error)
        elif isinstance(error, OSError):
            message = f"{error.strerror or error}: {error.filename or ''}".rstrip(": ") + REMEDIES.get(error.errno, "")
        else:
            kind, what = type(error).__name__, " ".join(str(error).split())
            message = f"{kind}: {what} (an error in the course's own code: run it with `course --debug` and report it)"
        print(f"course: {message}", file=sys.stderr)
        sys.exit(2 if isinstance(error, UsageError) else 1)


if __name__ == "__main__":
    main()
