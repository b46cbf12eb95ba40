"""The `course` command. Every command here is a thin wrapper: words for people, then one call of the module that
does the work.

Those modules are imported inside the commands, so that `course --help` answers at once.
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
    help="Build, hand out and grade the labs. Every command has --help with an example.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
REMEDIES = {
    errno.EACCES: " (may you write there? Change the rights, or name another folder)",
    errno.EROFS: " (nothing can be written there: name another folder, or make the disk writable)",
    errno.ENOSPC: " (the disk is full: make room, then run the same command again)",
    errno.EDQUOT: " (your share of the disk is full: make room, then run the same command again)",
    errno.ENOTDIR: " (a file is where a folder has to be: move it away)",
}
"""What to do about errors of the system, to be read after what is wrong and where."""
_options: dict[str, object] = {"root": None, "debug": False}


@app.callback()
def options(
    root: Annotated[
        Path | None,
        typer.Option(help="The course: a folder with nbgrader_config.py (default: here or above).", file_okay=False),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    _options.update(root=root, debug=debug)


@app.command(epilog="Example: [bold]course build 01_pca_vs_ae[/]")
def build(
    labs: Annotated[list[str] | None, typer.Argument(metavar="LAB", help="Which labs (default: all).")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 when a file is not what its text makes.")
    ] = False,
    adopt: Annotated[
        str | None,
        typer.Option(metavar="LAB", help="Take an edited source/LAB back into notebooks/LAB, then build it."),
    ] = None,
) -> None:
    """Make the instructor's and the students' notebooks: notebooks/ → source/ → release/."""
    if adopt and (check or labs):
        raise typer.BadParameter("--adopt takes one lab and goes alone: course build --adopt 01_pca_vs_ae")
    from course_admin.authoring import build as work

    if adopt:
        work.adopt(course_root(), adopt, say=say)
    elif check:
        work.check(course_root(), labs or (), say=say)
    else:
        work.build(course_root(), labs or (), say=say)


@app.command(epilog="Example: [bold]course new 07_attention[/]")
def new(
    lab: Annotated[str, typer.Argument(metavar="LAB", help="Its name: two digits and a topic, such as 07_attention.")],
) -> None:
    """Make a lab from the template: text, checks, exams and corpora, which build, grade and pass their tests."""
    from course_admin.authoring import new_lab as work

    root = course_root()
    for path in work.new_lab(root, lab):
        say(f"written  {path.relative_to(root)}")
    say(f"next     course build {lab}; then replace its exercises one at a time (docs/contributors.md)")


@app.command(epilog="Example: [bold]course collect submissions.zip --lab 01_pca_vs_ae --roster roster.csv[/]")
def collect(
    source: Annotated[Path, typer.Argument(metavar="ZIP|DIR", help="What Canvas or Moodle gave, or unpacked.")],
    lab: Annotated[str | None, typer.Option(metavar="LAB", help="Whose hand-ins these are.")] = None,
    roster: Annotated[
        Path | None, typer.Option(metavar="CSV", help="The class list (default: roster.csv, if there is one).")
    ] = None,
    times: Annotated[
        Path | None, typer.Option(metavar="CSV", help="When was handed in: Moodle's grading worksheet, or any list.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Also replace what is newer, or was put there by hand.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and write nothing.")] = False,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Sort what students handed in on Canvas or Moodle into submitted/; say who is missing, late or doubled."""
    from rich.console import Console

    from course_admin.submissions import collect as work

    found = work.collect(course_root(), source, lab, roster=roster, times=times, force=force, dry_run=dry_run)
    if json:
        print(work.as_json(found), end="")
    else:
        work.show(found, Console(), dry_run=dry_run)


@app.command(epilog="Example: [bold]course grade 01_pca_vs_ae[/]  (submissions: submitted/STUDENT/LAB/LAB.ipynb)")
def grade(
    labs: Annotated[list[str], typer.Argument(metavar="LAB", help="Which labs.")],
    student: Annotated[str | None, typer.Option(metavar="NAME", help="That student alone.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Also what did not change since it was graded.")] = False,
    sandbox: Annotated[
        str | None,
        typer.Option(metavar="auto|bwrap|none", help="none: no protection, only for submissions that you trust."),
    ] = None,
    timeout: Annotated[float | None, typer.Option(metavar="S", help="Seconds for a cell (60).", min=1)] = None,
    memory: Annotated[float | None, typer.Option(metavar="GB", help="Memory of a submission (2).", min=0.5)] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", metavar="N", help="How many at a time (one per core).", min=1)
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Use the workers of a Dask cluster: tcp://HOST:8786.")
    ] = None,
    exercise: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Re-mark this exercise from saved evidence; nothing is executed."),
    ] = None,
    json: Annotated[
        bool, typer.Option("--json", help="For programs: the outcomes; with --exercise, the points before and now.")
    ] = False,
) -> None:
    """Execute and examine what students handed in: marks into the gradebook, feedback pages into feedback/.

    Can be stopped at any moment: the same command goes on from there.
    """
    from course_admin.grading import pool

    if scheduler is None and student is None:
        # While this process imports too. Only this process handles Ctrl-C; its children inherit that they ignore it.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        pool.get_ready()
        signal.signal(signal.SIGINT, before)
    from rich.console import Console

    # Standard output is, with --json, the program's that reads it.
    console = Console(stderr=json)
    with console.status("getting ready"):  # seconds
        from course_admin.grading import command as work

    if sandbox not in (None, "auto", "bwrap", "none"):
        raise typer.BadParameter("--sandbox takes auto, bwrap or none")
    given = {"sandbox": sandbox, "timeout": timeout, "question_timeout": timeout, "memory": memory}
    execution = {name: value for name, value in given.items() if value is not None}
    where: dict[str, Any] = {"student": student, "jobs": jobs, "scheduler": scheduler, "console": console}
    from course_admin.deadlines import deadlines
    from course_admin.settings import load_settings
    from course_admin.submissions.unknown_names import warning

    if misspelt := warning(deadlines(load_settings(course_root()))):
        console.print(misspelt, highlight=False, markup=False, soft_wrap=True)
    if exercise is None:
        outcomes = work.grade(course_root(), labs, force=force, table=not json, **where, **execution)
        found: Any = [work.as_json(outcome) for outcome in outcomes]
    elif len(labs) != 1:
        raise typer.BadParameter("--exercise NAME is one exercise of one lab: name one LAB")
    else:
        found = work.rescore(course_root(), labs[0], exercise, **where)
    if json:
        import json as text

        print(text.dumps(found, ensure_ascii=False, indent=1))


@app.command(epilog="Example: [bold]course report 01_pca_vs_ae --format csv --out marks.csv[/]")
def report(
    labs: Annotated[list[str] | None, typer.Argument(metavar="LAB", help="Which labs (default: all graded).")] = None,
    format: Annotated[
        str, typer.Option(metavar="table|csv|html|canvas|moodle", help="For people, for programs, for an LMS.")
    ] = "table",
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it there.", dir_okay=False)] = None,
    like: Annotated[
        Path | None, typer.Option(metavar="CSV", help="The LMS's own file, which the new one is made of.")
    ] = None,
    column: Annotated[str | None, typer.Option(metavar="HEAD", help="The head of the lab's column in it.")] = None,
    scale: Annotated[bool, typer.Option("--scale", help="Adjust the points to the LMS's maximum.")] = False,
    roster: Annotated[
        Path | None, typer.Option(metavar="CSV", help="The class list (default: roster.csv, if there is one).")
    ] = None,
) -> None:
    """Show the marks in the gradebook, as a table or a page with figures, or write them for Canvas and Moodle."""
    from course_admin import report as work

    work.report(course_root(), labs or (), format=format, out=out, like=like, column=column, scale=scale, roster=roster)


@app.command(epilog="Example: [bold]course publish out/bundle --zip[/]")
def publish(
    dest: Annotated[Path, typer.Argument(metavar="DEST", help="The bundle's folder; an older bundle is replaced.")],
    labs: Annotated[list[str] | None, typer.Argument(metavar="LAB", help="Which labs (default: all).")] = None,
    zip: Annotated[bool, typer.Option("--zip", help="Also DEST.zip, one file for an LMS.")] = False,
) -> None:
    """Write what students get: the releases, course_utils, an environment, a README. Nothing else, and no answers."""
    from course_admin.authoring import student_bundle as work

    work.publish(course_root(), dest, labs or (), zip=zip, say=say)


@app.command(epilog="Example: [bold]course demo --into /tmp/demo[/]")
def demo(
    into: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where (default: out/demo). Made anew by each run.")
    ] = None,
) -> None:
    """See the whole of grading at work: build a lab, hand in a small class, grade it, read marks and feedback."""
    from course_admin import demo as work

    work.demo(course_root(), into)


@app.command(epilog="Example: [bold]course doctor[/]")
def doctor() -> None:
    """Say what is installed and works, and how to repair what does not. Exit code 1: something necessary is missing."""
    from course_admin import doctor as work

    try:
        root = course_root()
    except CourseError:
        root = None
    if not work.doctor(root):
        raise typer.Exit(1)


def course_root() -> Path:
    """The root that the command works on."""
    return find_root(_options["root"])  # type: ignore[arg-type]


def say(line: str) -> None:
    """A line of progress."""
    from rich.console import Console

    Console(highlight=False, soft_wrap=True).print(line, markup=False)


def main(arguments: list[str] | None = None) -> None:
    """Run the command. Exit code 0, 1 after an error (in readable lines on stderr), 2 after wrong usage."""
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
            message = f"{kind}: {what} (a fault of the course's own code: run it with `course --debug` and report it)"
        print(f"course: {message}", file=sys.stderr)
        sys.exit(2 if isinstance(error, UsageError) else 1)


if __name__ == "__main__":
    main()
