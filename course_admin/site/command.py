"""`course site`: make checked web pages from executed releases and manuals."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from nbformat.notebooknode import NotebookNode

from course_admin.authoring.student_bundle import answers_in
from course_admin.common.atomic import replace_folder
from course_admin.course import CourseError, Lab, find_labs
from course_admin.site import pages
from course_admin.site.executed import executed, refuse_budget
from course_admin.site.inspect_pages import faults, read_pages
from course_admin.site.notebook_pages import page_of, promise_of, title_of, write_notebook

SITE = ".course-site"
"""Name of the file that marks a folder made by the command, so that the next run may replace the folder."""
FOR_INSTRUCTORS = ("contributors.md", "decisions.md")
"""Manuals that show answers, or that state which mistakes an exam does not find."""
RESULTS = "results.md"
FOOTER = "the course team. Code: BSD-3-Clause. Text and figures: CC BY 4.0"
SHOWN = 20


def site(
    root: Path,
    dest: Path,
    names: Sequence[str] = (),
    *,
    budget: str = "study",
    say: Callable[[str], None] = print,
) -> Path:
    """Write the site of the named labs (default: all) to the folder `dest` and return it.

    Raises CourseError when a release does not run, a link has no target, a page would load something from another
    site, a picture has no alt text, or a page shows an answer. An older site then stays unchanged.
    """
    root, dest = Path(root).resolve(), Path(dest).resolve()
    refuse_budget(budget)
    refuse_place(root, dest, SITE)
    labs = find_labs(root, tuple(names))
    for lab in labs:
        if not lab.release.is_file():
            raise CourseError(f"lab {lab.name} is not built: run `course build {lab.name}` first")
    with tempfile.TemporaryDirectory(prefix="course-site-") as scratch:
        source, made = Path(scratch, "source"), Path(scratch, "site")
        _write_source(root, labs, budget, source, say)
        say("making the pages")
        pages.render(source, made, title_of_course(root), FOOTER)
        refuse_faults([*faults(made, read_pages(made)), *shown_answers(root, made)])
        put(made, dest, SITE)
    say(f"{dest}: {', '.join(lab.name for lab in labs)}; {sum(1 for _ in dest.rglob('*.html'))} pages")
    return dest


def shown_answers(root: Path, made: Path) -> list[str]:
    """Return the places where a site shows an answer, one line for each place.

    The pages are searched as text, without their HTML tags; the notebooks and pictures are searched as files. The
    theme's own files are not searched, nor is the search index, which holds single words only.
    """
    files: dict[str, bytes] = {}
    labs = {lab.name for lab in find_labs(root)}
    for name, page in read_pages(made).items():
        lab = Path(name).stem
        # In a lab's notebook, `answers_in` does not look for right answers of other labs. A lab's page is searched in
        # the same way.
        files[f"{lab}/{lab}.ipynb" if lab in labs else name] = (
            _as_notebook(page.text) if lab in labs else page.text.encode()
        )
    for path in sorted(made.rglob("*")):
        name = path.relative_to(made).as_posix()
        if path.suffix == ".ipynb":
            files[f"{path.stem}/{name}"] = path.read_bytes()
        elif path.is_file() and name.startswith(("_images/", pages.PICTURES)):
            files[name] = path.read_bytes()
    return answers_in(files, root)


def title_of_course(root: Path) -> str:
    """Return the README's first heading; "The labs" if there is none."""
    readme = root / "README.md"
    first = readme.read_text(encoding="utf-8").partition("\n")[0] if readme.is_file() else ""
    return first.removeprefix("# ").strip() or "The labs"


def refuse_place(root: Path, dest: Path, marker: str) -> None:
    """Raise CourseError unless `dest` is in out/ or outside the course, and is new, empty or made by this command.

    marker: the name of the file that the command writes into each folder that it makes.
    """
    inside = dest.relative_to(root).parts if dest.is_relative_to(root) else ()
    if root.is_relative_to(dest):
        raise CourseError(f"{dest} holds the course itself: name a folder beside it, or one in out/")
    if inside and inside[0] != "out":
        raise CourseError(f"{dest} is in the course's own folder: name one in out/, or outside of the course")
    if len(inside) == 1:
        raise CourseError(f"{dest} is for everything that the commands make: name a folder in it")
    if dest.exists() and not dest.is_dir():
        raise CourseError(f"{dest} is a file: name a folder that is empty or does not exist yet")
    if dest.is_dir() and any(dest.iterdir()) and not (dest / marker).is_file():
        raise CourseError(f"{dest} holds something that this command has not made: name another folder")


def refuse_faults(found: list[str]) -> None:
    """Raise CourseError if any fault was found."""
    if found:
        rest = [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
        raise CourseError("\n".join(["nothing was written, correct this first:", *found[:SHOWN], *rest]))


def put(made: Path, dest: Path, marker: str) -> None:
    """Replace the folder `dest` by the finished pages, and write the marker file into it."""
    (made / marker).write_text("Made by a command of the course. Run again, the command replaces this folder.\n")
    dest.parent.mkdir(parents=True, exist_ok=True)
    new = dest.with_name(f".{dest.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    shutil.copytree(made, new)
    replace_folder(new, dest)


# --- input for Sphinx -----------------------------------------------------------------------------------


def _write_source(root: Path, labs: Sequence[Lab], budget: str, source: Path, say: Callable[[str], None]) -> None:
    listed = []
    for lab in labs:
        notebook = executed(lab.release, root, budget, say)
        listed.append(f"[{title_of(notebook)}](labs/{lab.name}.ipynb)\n\n{promise_of(notebook)}\n")
        page, pictures = page_of(notebook, f"../{pages.PICTURES}")
        _introduce(page, f"../{pages.NOTEBOOKS}/{lab.name}.ipynb")
        write_notebook(page, source / "labs" / f"{lab.name}.ipynb")
        pages.write_pages(source / pages.FILES / pages.PICTURES, pictures)
        pages.write_pages(source / pages.FILES / pages.NOTEBOOKS, {f"{lab.name}.ipynb": lab.release.read_bytes()})
    manuals = _manuals(root)
    names = [name for name in manuals if name.endswith(".md") and name != f"docs/{RESULTS}"]
    sections = [
        "labs/index",
        *(["docs/index"] if names else []),
        *(["docs/results"] if (root / "docs" / RESULTS).is_file() else []),
    ]
    files: dict[str, str | bytes] = dict(manuals)
    files["labs/index.md"] = "\n".join(
        [
            "# Labs",
            "",
            *(f"## {text.replace('](labs/', '](')}" for text in listed),
            pages.toctree([lab.name for lab in labs]),
        ]
    )
    files["docs/index.md"] = "# Manuals\n\n" + pages.toctree([Path(name).stem for name in names], hidden=False)
    files["index.md"] = "\n".join(
        [_welcome(root, manuals), "", "## Labs", "", *(f"### {text}" for text in listed), pages.toctree(sections)]
    )
    pages.write_pages(source, files)


def _introduce(page: NotebookNode, address: str) -> None:
    """Add below the title an explanation of the page, and a link to the notebook to work on."""
    title, _, rest = page.cells[0].source.partition("\n")
    words = "The lab as it is handed out, after one run. The exercises are not filled in."
    link = f'<p class="of-notebook">{words} <a href="{address}" download>Download the notebook</a></p>'
    page.cells[0].source = f"{title}\n\n{link}\n\n{rest.lstrip()}"


def _manuals(root: Path) -> dict[str, str | bytes]:
    """Return the manuals that everybody may read, and their pictures, by path."""
    folder = root / "docs"
    texts = {path.name: path for path in sorted(folder.glob("*.md")) if path.name not in FOR_INSTRUCTORS}
    pictures = [path.relative_to(folder).as_posix() for path in sorted(folder.glob("pictures/*"))]
    found: dict[str, str | bytes] = {f"docs/{name}": (folder / name).read_bytes() for name in pictures}
    for name, path in texts.items():
        found[f"docs/{name}"] = pages.manual(path.read_text(encoding="utf-8"), texts.keys())
    return found


def _welcome(root: Path, manuals: dict[str, str | bytes]) -> str:
    """Return the README's text above its first section; the title alone if there is no README."""
    readme = root / "README.md"
    if not readme.is_file():
        return f"# {title_of_course(root)}"
    return pages.manual(readme.read_text(encoding="utf-8").partition("\n## ")[0], manuals)


def _as_notebook(text: str) -> bytes:
    cell = {"cell_type": "markdown", "metadata": {}, "source": text}
    return json.dumps({"cells": [cell], "metadata": {}}).encode()
