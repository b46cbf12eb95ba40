"""The `course` command. Every command here is a thin wrapper: words for people, then one call of the module that
does the work.

Those modules are imported inside the commands, so that `course --help` answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from course_admin.course import CourseError, find_root

app = typer.Typer(
    name="course",
    help="Build, hand out and grade the labs. Every command has --help with an example.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
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
    from course_admin import build as work

    if adopt:
        work.adopt(course_root(), adopt, say=say)
    elif check:
        work.check(course_root(), labs or (), say=say)
    else:
        work.build(course_root(), labs or (), say=say)


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
    try:
        app(arguments)
    except Exception as error:
        if _options["debug"]:
            raise
        if isinstance(error, CourseError):
            message = str(error)
        elif isinstance(error, OSError):
            message = f"{error.strerror or error}: {error.filename or ''}".rstrip(": ")
        else:
            kind, what = type(error).__name__, " ".join(str(error).split())
            message = f"{kind}: {what} (a fault of the course's own code: run it with `course --debug` and report it)"
        print(f"course: {message}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
