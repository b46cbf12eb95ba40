"""Every page of the site, the guide, a feedback page and the report in Chromium: axe-core without a serious finding,
nothing loaded from elsewhere, no page wider than a phone; and the search finds something.

COURSE_SITE names a folder with a finished site, to look at that instead.
"""

import os
from contextlib import suppress
from pathlib import Path

import pytest
from chromium import launched
from marked_class import invented_class
from template_course import LAB, template_answers, template_course

from course_admin import classroom
from course_admin.grading.command import grade
from course_admin.guide.command import guide
from course_admin.report import report
from course_admin.site.command import site

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]

ROOT = Path(__file__).resolve().parents[2]
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def browser():
    with launched() as browser:
        yield browser


@pytest.fixture(scope="module")
def whole_site(tmp_path_factory):
    """The site of all labs of the course, their models hardly trained."""
    if given := os.environ.get("COURSE_SITE"):
        return Path(given).resolve()
    return site(ROOT, tmp_path_factory.mktemp("site") / "site", budget="quick", say=lambda line: None)


class Looked:
    """What was found on pages: serious findings, requests to elsewhere, pages that are too wide."""

    def __init__(self, browser):
        self.browser, self.findings, self.requests, self.wide = browser, [], [], []

    def at(self, paths, schemes=("light", "dark")):
        from axe_playwright_python.sync_playwright import Axe

        axe = Axe()
        for scheme in schemes:
            # Colours alone differ between light and dark.
            options = {"resultTypes": ["violations"]} | ({"runOnly": ["color-contrast"]} if scheme == "dark" else {})
            context = self.browser.new_context(viewport=DESKTOP, color_scheme=scheme)
            page = context.new_page()
            page.on("request", self._note)
            for path in paths:
                page.set_viewport_size(DESKTOP)
                page.goto(path.as_uri())
                found = axe.run(page, options=options).response["violations"]
                self.findings += [
                    f"{path.name}, {scheme}: {fault['id']}: {node['html'][:120]}"
                    for fault in found
                    if fault["impact"] in SERIOUS
                    for node in fault["nodes"]
                ]
                if scheme == schemes[0]:
                    page.set_viewport_size(PHONE)
                    more = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                    self.wide += [f"{path.name}: {more} pixels"] if more > 0 else []
            with suppress(Exception):
                context.close()
        return self

    def _note(self, request):
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.requests.append(request.url)


def test_every_page_of_the_site(browser, whole_site):
    pages = sorted(whole_site.rglob("*.html"))
    assert len(pages) >= 10
    looked = Looked(browser).at(pages)
    assert looked.findings == []
    assert looked.requests == []
    assert looked.wide == []


def test_the_search_works_without_a_server(browser, whole_site):
    page = browser.new_page()
    page.goto(f"{(whole_site / 'search.html').as_uri()}?q=autoencoder")
    results = page.locator("#search-results li a")
    results.first.wait_for()
    assert results.count() >= 2
    page.close()


def test_the_guide_a_feedback_page_and_the_report(browser, tmp_path):
    root = template_course(tmp_path / "course")
    made = guide(root, tmp_path / "guide", budget="quick", say=lambda line: None)
    assert (made / "pdf" / f"{LAB}.pdf").read_bytes().startswith(b"%PDF")
    looked = Looked(browser).at(sorted(made.rglob("*.html")), schemes=("light",))
    assert (looked.findings, looked.requests, looked.wide) == ([], [], [])

    answers = template_answers(root)
    release = classroom.read_notebook(root / "release" / LAB / f"{LAB}.ipynb")
    classroom.hand_in(root, "ada", LAB, classroom.fill(release, dict(list(answers.items())[:1])))
    grade(root, [LAB], jobs=1)
    (feedback,) = (root / "feedback").rglob("*.html")
    looked = Looked(browser).at([feedback], schemes=("light",))
    assert (looked.findings, looked.requests) == ([], [])

    marked = invented_class(tmp_path / "class", size=12)
    report(marked, format="html")
    looked = Looked(browser).at([marked / "report.html"], schemes=("light",))
    assert (looked.findings, looked.requests) == ([], [])
