"""`course guide`: write the guides and the solved notebooks as a separate site, and both as PDF."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from course_admin.course import CourseError, Lab, find_labs
from course_admin.feedback.mark_scheme import read_schemes
from course_admin.guide.mistakes import mistakes_of
from course_admin.guide.notes import problems, read_notes
from course_admin.guide.outline import outline_of
from course_admin.guide.page import guide_page, solved
from course_admin.report.rubric import rubrics
from course_admin.site import pages
from course_admin.site.command import FOOTER, FOR_INSTRUCTORS, put, refuse_faults, refuse_place
from course_admin.site.executed import executed, refuse_budget
from course_admin.site.inspect_pages import faults, read_pages
from course_admin.site.notebook_pages import page_of, write_notebook

GUIDE = ".course-guide"
"""Name of the file that marks a folder made by the command.

It differs from the marker of `course site`: a guide must never replace the students' site.
"""
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
PDF_SECONDS = 300
WARNING = "For instructors: solutions, mark schemes and exams' messages. Students must not get these pages."


def guide(
    root: Path,
    dest: Path,
    names: Sequence[str] = (),
    *,
    budget: str = "study",
    pdf: bool = True,
    say: Callable[[str], None] = print,
) -> Path:
    """Write the guides of the named labs (default: all) to the folder `dest` and return it.

    pdf: also print each solved notebook and each guide, if Chromium is installed. Raises CourseError for the faults
    that `course site` refuses, except shown answers, and for notes in docs/guide that match nothing in the lab.
    """
    root, dest = Path(root).resolve(), Path(dest).resolve()
    refuse_budget(budget)
    refuse_place(root, dest, GUIDE)
    labs = find_labs(root, tuple(names))
    browser = next(filter(None, map(shutil.which, BROWSERS)), None) if pdf else None
    if pdf and browser is None:
        say("no PDF: there is no Chromium on this machine")
    with tempfile.TemporaryDirectory(prefix="course-guide-") as scratch:
        source, made = Path(scratch, "source"), Path(scratch, "site")
        titles = [_write_lab(lab, source, budget, say, pdf=browser is not None) for lab in labs]
        _write_rest(root, labs, titles, source)
        say("making the pages")
        pages.render(source, made, "Teacher's guide", FOOTER, announcement=WARNING)
        for lab in labs if browser else ():
            say(f"{lab.name}: printing the solved notebook and the guide")
            print_pdf(browser, made / "solved" / f"{lab.name}.html", made / "pdf" / f"{lab.name}.pdf")
            print_pdf(browser, made / "guide" / f"{lab.name}.html", made / "pdf" / f"{lab.name}_guide.pdf")
        refuse_faults(list(faults(made, read_pages(made))))
        put(made, dest, GUIDE)
    say(f"{dest}: {', '.join(lab.name for lab in labs)}; for instructors only")
    return dest


def print_pdf(browser: str, page: Path, pdf: Path) -> None:
    """Print a page to a PDF file with Chromium. Raises CourseError if no PDF is written."""
    pdf.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="course-print-") as profile:
        command = [browser, "--headless", "--disable-gpu", f"--user-data-dir={profile}", "--no-first-run"]
        command += ["--no-pdf-header-footer", "--hide-scrollbars", "--virtual-time-budget=20000"]
        command += [f"--print-to-pdf={pdf}", page.as_uri()]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.insert(2, "--no-sandbox")  # Chromium's sandbox fails for root; the page is the course's own
        try:
            ran = subprocess.run(command, capture_output=True, text=True, timeout=PDF_SECONDS)
        except subprocess.TimeoutExpired:
            raise CourseError(f"{browser} did not print {page.name} within {PDF_SECONDS} s: use --no-pdf") from None
    if not pdf.is_file():
        last = (ran.stderr.strip().splitlines() or ["no message"])[-1]
        raise CourseError(f"{browser} did not print {page.name} ({last}): use --no-pdf")


def _write_lab(lab: Lab, source: Path, budget: str, say: Callable[[str], None], *, pdf: bool) -> str:
    """Write the files of one lab that Sphinx reads, and return the lab's title."""
    if not lab.source.is_file():
        raise CourseError(f"lab {lab.name} is not built: run `course build {lab.name}` first")
    notebook = executed(lab.source, lab.root, budget, say)
    outline = outline_of(notebook)
    path = lab.root / "docs" / "guide" / f"{lab.name}.md"
    notes = read_notes(path)
    if found := list(problems(notes, outline)):
        raise CourseError("\n".join(f"{lab.show(path)}: {problem}; correct its heading" for problem in found))
    page, pictures = page_of(solved(notebook), f"../{pages.PICTURES}", lazy=False)
    title, _, rest = page.cells[0].source.partition("\n")
    page.cells[0].source = f"{title} (solved)\n{rest}"
    write_notebook(page, source / "solved" / f"{lab.name}.ipynb")
    pages.write_pages(source / pages.FILES / pages.PICTURES, pictures)
    solved_page = f"../solved/{lab.name}.html"
    printed = f' · <a href="../pdf/{lab.name}.pdf">the same as PDF</a>' if pdf else ""
    this = f' · <a href="../pdf/{lab.name}_guide.pdf">this guide as PDF</a>' if pdf else ""
    links = f'<p class="of-notebook"><a href="{solved_page}">The solved notebook</a>{printed}{this}</p>'
    text = guide_page(
        outline,
        rubrics(lab.root, lab.name),
        mistakes_of(lab, say),
        read_schemes(lab.root, lab.name),
        notes,
        budget=budget,
        links=links,
        solved_page=solved_page,
    )
    pages.write_pages(source, {f"guide/{lab.name}.md": text})
    return outline.title


def _write_rest(root: Path, labs: Sequence[Lab], titles: Sequence[str], source: Path) -> None:
    names = [lab.name for lab in labs]
    listed = [f"- [{title}](guide/{name}.md)" for title, name in zip(titles, names, strict=True)]
    files: dict[str, str | bytes] = {
        "guide/index.md": "# Guides\n\n" + pages.toctree(names, hidden=False),
        "solved/index.md": "# Solved notebooks\n\n" + pages.toctree(names, hidden=False),
    }
    manuals = {name: root / "docs" / name for name in FOR_INSTRUCTORS if (root / "docs" / name).is_file()}
    for name, path in manuals.items():
        files[f"docs/{name}"] = pages.manual(path.read_text(encoding="utf-8"), manuals)
    sections = ["guide/index", "solved/index"]
    if manuals:
        files["docs/index.md"] = "# Manuals\n\n" + pages.toctree([name[:-3] for name in manuals], hidden=False)
        sections.append("docs/index")
    words = "Made from the labs, their checks and the corpora of wrong answers by `course guide`."
    files["index.md"] = "\n".join(
        ["# Teacher's guide", "", WARNING, "", words, "", *listed, "", pages.toctree(sections)]
    )
    pages.write_pages(source, files)
