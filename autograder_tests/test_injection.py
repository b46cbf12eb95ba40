"""Feedback pages and nbgrader's formgrader show no active content (scripts, forms, loads) from a student's notebook."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell
from tested_labs import REPO

from course_admin.authoring.new_lab import new_course
from course_admin.feedback.formulas import ALLOWED

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
NAME = '"><img src=x onerror=alert(1)>'
JS = "javascript:alert('LIVE')"
HTML = {
    "script": "<script>alert('LIVE')</script>",
    "script-in-capitals": "<ScRiPt src=//example.org/x.js></sCrIpT >",
    "script-unclosed": "<script>alert('LIVE')//",
    "handler-of-an-image": "<img src=x onerror=alert('LIVE')>",
    "handler-with-a-slash": "<img/src=x/onerror=alert('LIVE')>",
    "handler-of-a-box": "<div onmouseover=\"alert('LIVE')\" onclick='alert(1)'>over</div>",
    "handler-of-details": "<details open ontoggle=alert('LIVE')><summary>more</summary></details>",
    "javascript-link": f'<a href="{JS}">x</a>',
    "javascript-link-disguised": '<a href=" java\tscript&#58;alert(1)">x</a><a href="JaVaScRiPt:alert(1)">y</a>',
    "vbscript-link": '<a href="vbscript:msgbox(1)">x</a>',
    "link-to-a-page-that-was-handed-in": '<a href="evil.html">x</a><a href=" d/x.svg">y</a><a href="&#47;x">z</a>',
    "data-link": "<a href=\"data:text/html,<script>alert('LIVE')</script>\">x</a>",
    "link-to-a-server-that-counts": '<img src="https://example.org/spy.png"><img src="//example.org/spy.png">',
    "picture-that-logs-out": '<img src="../../../../hub/logout">',
    "svg": "<svg onload=alert('LIVE')><script>alert('LIVE')</script><a xlink:href='javascript:alert(1)'>x</a></svg>",
    "svg-as-a-picture": '<img src="data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9YWxlcnQoMSk+">',
    "mathml": f'<math><maction actiontype="statusline" xlink:href="{JS}">x</maction></math>',
    "iframe": f'<iframe src="{JS}"></iframe><iframe srcdoc="<script>alert(1)</script>"></iframe>',
    "object-and-embed": '<object data="x.html"></object><embed src="x.swf"><applet code=x></applet>',
    "meta-refresh": '<meta http-equiv="refresh" content="0;url=https://example.org">',
    "base": '<base href="https://example.org/">',
    "stylesheet": '<link rel="stylesheet" href="//example.org/x.css"><style>@import "//example.org/x.css";</style>',
    "style": '<p style="background:url(//example.org/spy.png);position:fixed;top:0;width:expression(alert(1))">x</p>',
    "form": '<form action="//example.org"><input autofocus onfocus=alert(1)><button formaction=x>y</button></form>',
    "noscript": '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript><template>x</template>',
    "comment-tricks": "<!--><img src=x onerror=alert(1)>--><!-- <script>alert(1)</script> -->",
    "nesting-tricks": "<scr<script>ipt>alert('LIVE')</scr</script>ipt><<b>script>alert(1)<</b>/script>",
    "closes-what-is-around": "</pre></div></div></body></html><script>alert('LIVE')</script>",
    "another-fields-name": '<div class="nbgrader_cell"><b id="check-sampler" class="score">x</b></div>',
    "a-button-of-the-formgraders": '<b class="btn full-credit" onclick="x">more</b><input class="score tabbable">',
    "over-the-whole-page": '<a class="navbar-fixed-top modal-backdrop" href="https://example.org">x</a>',
    "mathjax-link": rf"$\href{{{JS}}}{{x}}$ \(\class{{full-credit}}{{x}}\) $$\style{{position:fixed}}{{x}}$$",
    "widget": '<script type="application/vnd.jupyter.widget-view+json">{"model_id": "x"}</script>',
    "shortest-of-all": "<x onpointerenter=alert(1)>x",
}
"""Attacks in HTML: what a student may write in places where HTML is shown."""

MARKDOWN = {
    "link": f"[x]({JS}) [y](data:text/html,<script>alert(1)</script>) <{JS}> [z][z]\n\n[z]: {JS}",
    "picture": f"![x]({JS}) ![y](https://example.org/spy.png) ![z](x' onerror='alert(1))",
    "attachment": "![x](attachment:evil.svg) ![y](attachment:evil.html) ![z](attachment:empty)",
    "attachment-that-is-not-there": "![x](attachment:gone.png) ![y](attachment:)",
    "link-with-a-title": '[x](https://example.org "\\" onmouseover=alert(1) \\"")',
    "code": "```html\n<script>alert('LIVE')</script>\n```\n\n`<script>alert(1)</script>`",
    "code-of-a-language": '``` x" onclick="alert(1)\nx\n```',
    "link-to-a-page-that-was-handed-in": "[x](evil.html) [y](./evil.html) [z](../x/evil.svg) [a](/files/evil.html)",
    "link-without-a-protocol": "[x](//example.org/x) [y](?index=1) [z](\\t/evil.html)",
    "heading": "# <img src=x onerror=alert(1)> check-sampler\n\n# check-sampler",
}

OUTPUTS = {
    "application/javascript": "alert('LIVE')",
    "image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg' onload=\"alert('LIVE')\"><script>alert(1)</script></svg>",
    "text/latex": rf"$\href{{{JS}}}{{x}}$ </div><script>alert('LIVE')</script>",
    "text/vnd.mermaid": 'graph TD; A["<script>alert(1)</script>"]; click A href "javascript:alert(1)"',
    "application/vnd.jupyter.widget-view+json": {"model_id": "</script><script>alert('LIVE')</script>"},
    "image/png": f"{PNG}\" onerror=\"alert('LIVE')",
    "image/jpeg": "x\"><script>alert('LIVE')</script>",
    "application/pdf": "x",
    "text/plain": "\x1b]8;;javascript:alert(1)\x07x\x1b]8;;\x07 \x1b[31m<script>alert('LIVE')</script>\x1b[0m",
}

LOADING = {"script", "style", "link", "meta", "base", "iframe", "frame", "object", "embed", "applet", "form", "input"}
LOADING |= {"button", "textarea", "select", "svg", "template", "noscript", "audio", "video", "source", "title"}
HOOKS = {"score", "extra-credit", "full-credit", "no-credit", "mark-graded", "nbgrader_cell", "comment", "tabbable"}
HOOKS |= {"modal-backdrop", "navbar-fixed-top"}


class Live(HTMLParser):
    """Collect a page's text, and all parts that can run, load, send data, or imitate the page's own controls."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self.text: list[str] = []
        self.inside = ""
        self.in_formula = False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        self.in_formula |= tag == "math"
        if tag in LOADING or (self.in_formula and tag not in ALLOWED) or (tag == "math" and "xmlns" in given):
            self.found.append(f"<{tag} {sorted(given.items())}>")
            self.inside = tag if tag in ("script", "style") else ""
        for name, value in given.items():
            plain = re.sub(r"[\x00-\x20]", "", value).lower()
            if name.startswith("on") or name in ("srcdoc", "formaction", "srcset", "ping", "background", "action"):
                self.found.append(f"<{tag}> {name}={value}")
            elif name in ("href", "src", "data", "xlink:href", "poster", "cite"):
                # The formgrader serves submitted files: a link to a student's page would run it with the same rights.
                safe = plain.startswith(("#", "http:", "https:", "mailto:"))
                safe = safe or (tag != "a" and re.match(r"[\w./-]*$", plain))
                if tag == "img":
                    # Files beside the page are the course's figures. An SVG in an <img> cannot run or load anything.
                    beside = re.match(r"(\w[\w./-]*)?$", plain) and ".." not in plain
                    safe = beside or re.match(r"data:image/(png|jpeg|gif|webp|svg\+xml);base64,", plain)
                if not safe:
                    self.found.append(f"<{tag}> {name}={value[:80]}")
            elif name == "style":
                self.found.append(f"<{tag}> style={value}")
            elif name == "id" and not value.startswith("cell-id="):
                self.found.append(f"id={value}")
            elif name == "class":
                self.found += [f"class={word}" for word in sorted(HOOKS & set(value.split()))]
                self.found += [
                    f"class={word}" for word in ("modal-backdrop", "navbar-fixed-top") if word in value.split()
                ]

    def handle_endtag(self, tag: str) -> None:
        self.inside = "" if tag == self.inside else self.inside
        self.in_formula &= tag != "math"

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.found.append(f"in <{self.inside}>: {data}")
        else:
            self.text.append(data)


def parsed(page: str) -> Live:
    live = Live()
    live.feed(page)
    live.close()
    return live


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Return two functions, `feedback` and `formgrader`, that render a notebook as nbgrader does, with its templates
    and the course's configuration.
    """
    from nbconvert.exporters import HTMLExporter
    from nbgrader.converters import GenerateFeedback
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.server_extensions.formgrader import handlers
    from traitlets.config import Config

    from course_admin.settings import load_settings

    root = new_course(tmp_path_factory.mktemp("pages"), like=REPO)
    converter = GenerateFeedback(coursedir=CourseDirectory(config=load_settings(root)), config=load_settings(root))
    feedback = HTMLExporter(config=converter.config)
    assert feedback.template_name == "feedback"
    settings = load_settings(root)
    # The same as in nbgrader's FormgradeExtension.build_extra_config.
    settings.merge(
        Config(HTMLExporter={"template_name": "formgrade", "extra_template_basedirs": [handlers.template_path]})
    )
    formgrader = HTMLExporter(config=settings)

    def page_of(exporter: HTMLExporter):
        def page(notebook, student="ada"):
            about = {"notebook": "00_template", "score": 1.0, "max_score": 2.0, "late_penalty": 0.0, "student": student}
            resources = {"nbgrader": about, "base_url": "", "submission_id": "5", "notebook_id": "00_template"}
            resources |= {"assignment_id": "00_template", "index": 0, "total": 1, "student": student}
            resources |= {"first_name": None, "last_name": None, "notebook_path": f"autograded/{student}/x.ipynb"}
            return exporter.from_notebook_node(nbformat.from_dict(notebook), resources=resources)[0]

        return page

    return SimpleNamespace(feedback=page_of(feedback), formgrader=page_of(formgrader))


def notebook_with(**more):
    """Return a notebook as after grading, with cells of the course and of the student."""
    graded = {"grade": True, "grade_id": "check-sampler", "locked": True, "points": 3, "solution": False, "score": 0.0}
    words = {"grade": True, "grade_id": "written-linear", "locked": False, "points": 1, "solution": True, "score": 0.0}
    answer = {"grade": False, "grade_id": "sampler", "locked": False, "solution": True}
    cells = [
        new_code_cell(
            more.get("code", "x = 1"), outputs=more.get("outputs", []), metadata={"nbgrader": answer}, id="a"
        ),
        new_code_cell("checks.sampler(x)", outputs=[], metadata={"nbgrader": graded}, id="b"),
        new_markdown_cell(more.get("words", "It bends."), metadata={"nbgrader": words}, id="c"),
        new_markdown_cell(more.get("text", "And so on."), id="d"),
        *([new_raw_cell(more["raw"], metadata=more.get("about", {}), id="e")] if "raw" in more else []),
    ]
    notebook = new_notebook(cells=cells)
    cells[2]["attachments"] = {
        "evil.svg": {"image/svg+xml": OUTPUTS["image/svg+xml"]},
        "evil.html": {"text/html": "PHNjcmlwdD4="},
        "empty": {},
        "pasted.png": {"image/png": PNG},
    }
    notebook.metadata.update(more.get("metadata", {}))
    return notebook


def added(pages, which, **more):
    """Return the active content on a notebook's page that the page of a harmless notebook does not have."""
    page = getattr(pages, which)
    student = more.pop("student", "ada")
    before = parsed(page(notebook_with())).found
    live = parsed(page(notebook_with(**more), student))
    for item in before:
        if item in live.found:
            live.found.remove(item)
    return live


WHICH = pytest.mark.parametrize("which", ["feedback", "formgrader"])


def test_there_are_enough():
    assert len(HTML) + len(MARKDOWN) + len(OUTPUTS) >= 40


@WHICH
@pytest.mark.parametrize("name", HTML)
def test_nothing_live_of_html_in_words_outputs_or_raw_cells(name, which, pages):
    html = HTML[name]
    outputs = [
        new_output("display_data", data={kind: html, "text/plain": html}) for kind in ("text/html", "text/markdown")
    ]
    outputs.append(new_output("execute_result", data={"text/plain": html}, execution_count=1))
    outputs += [new_output("stream", name=stream, text=html) for stream in ("stdout", "stderr")]
    outputs.append(new_output("error", ename=html, evalue=html, traceback=[html, f"\x1b[31m{html}\x1b[0m"]))
    places = {"code": html, "outputs": outputs, "words": f"kept {html}\n\n{html}", "text": html, "raw": html}
    for about in ({}, {"raw_mimetype": "text/html"}, {"format": "text/html"}):
        live = added(pages, which, **places, about=about)
        assert live.found == []
    assert "kept" in "".join(live.text)


@WHICH
@pytest.mark.parametrize("name", MARKDOWN)
def test_nothing_live_of_markdown(name, which, pages):
    shown = [new_output("display_data", data={"text/markdown": MARKDOWN[name]})]
    assert added(pages, which, words=MARKDOWN[name], text=MARKDOWN[name], outputs=shown).found == []


@WHICH
@pytest.mark.parametrize("kind", OUTPUTS)
def test_nothing_live_of_an_output(kind, which, pages):
    """Tested also for kinds that the sandbox's host never passes on (course_admin.sandbox.outputs)."""
    about = {kind: {"width": '1" onload="alert(1)', "alt": '" onerror="alert(1)', "height": "<script>"}}
    shown = [new_output("display_data", data={kind: OUTPUTS[kind]}, metadata=about)]
    live = added(pages, which, outputs=shown)
    # The rest is nbconvert's own lines for a widget, which only name the widget.
    assert [item for item in live.found if "LIVE" in item or "alert" in item or "onload" in item] == []


@WHICH
def test_nothing_live_of_names_and_metadata(which, pages):
    widgets = {"application/vnd.jupyter.widget-state+json": {"state": {"x": "</script><script>alert('LIVE')</script>"}}}
    metadata = {"title": NAME, "authors": [{"name": NAME}], "language_info": {"name": NAME, "pygments_lexer": NAME}}
    live = added(
        pages,
        which,
        student=NAME,
        metadata={**metadata, "widgets": widgets, "kernelspec": {"name": NAME, "display_name": NAME}},
    )
    live.found = [item for item in live.found if "application/vnd.jupyter.widget-state+json" not in item]
    assert [item for item in live.found if not item.startswith('in <script>: \n{"state": {"x": "\\u003c')] == []


@WHICH
def test_formulas_are_in_the_page(which, pages):
    page = getattr(pages, which)(notebook_with(words=r"$x^2 < y$ and $$\mathcal N(0, 1)$$ and $\frac{1$"))
    assert "<msup><mi>x</mi><mn>2</mn></msup><mo>&lt;</mo><mi>y</mi>" in page
    assert '<math display="block">' in page and "𝒩" in page
    if which == "formgrader":  # the grader's page: its keyboard shortcuts need MathJax
        (loader,) = re.findall(r'<script src="([^"]*mathjax[^"]*)">', page, re.IGNORECASE)
        assert loader.endswith(",Safe")
        return
    assert "<script" not in page
    assert not re.findall(r'<(?:script|link|img|iframe)[^>]*(?:src|href)="(?:https?:)?//', page)


@WHICH
def test_text_pictures_tables_and_code_stay(which, pages):
    head = '<table border="1" class="dataframe"><thead><tr><th>a</th></tr></thead>'
    table = f"{head}<tbody><tr><td>1</td></tr></tbody></table>"
    figure = new_output("display_data", data={"image/png": PNG}, metadata={"image/png": {"width": 50}})
    shown = [new_output("display_data", data={"text/html": table}), figure]
    page = getattr(pages, which)(
        notebook_with(
            outputs=shown,
            code="y = 1 < 2",
            words="**bold** ![pasted](attachment:pasted.png) $x < y$ [link](https://example.org)\n\n"
            "```python\nz = 1\n```\n\n| b |\n|---|\n| 2 |",
        )
    )
    assert '<table class="dataframe">' in page
    assert "<th>a</th>" in page
    assert page.count(f"data:image/png;base64,{PNG}") == 2
    for part in (
        "<strong>bold</strong>",
        "<mo>&lt;</mo><mi>y</mi>",
        '<a href="https://example.org">link</a>',
        '<span class="mi">1</span>',
    ):
        assert part in page


@WHICH
@pytest.mark.timeout(60)
def test_what_would_take_hours_to_render_is_shown_as_it_is(which, pages):
    """Brackets and dots took quadratic time: 200,000 characters took hours, and the formgrader waited."""
    slow = ["[" * 200_000, "![](" * 50_000, "<div>" * 40_000, "\\begin{x}" * 20_000]
    shown = [new_output("display_data", data={"text/html": "<b>" * 60_000, "text/plain": "x"})]
    shown += [new_output("display_data", data={"text/html": "&#91;" * 40_000, "text/plain": "x"})]
    shown += [new_output("display_data", data={"text/markdown": text}) for text in slow[:2]]
    for text in slow:
        page = getattr(pages, which)(notebook_with(words=text, text="a [b](https://example.org)", outputs=shown))
        assert text[:1000] in "".join(parsed(page).text)
        assert '<a href="https://example.org">b</a>' in page
    assert "a.a.a.a" in getattr(pages, which)(notebook_with(code="x = 1\n" + "a." * 100_000 + "a"))


def test_the_parser_sees_what_is_live():
    """The tests above can fail: the parser finds the active content in the raw attacks."""
    for name, html in HTML.items():
        if name not in ("mathjax-link", "nesting-tricks", "svg-as-a-picture", "comment-tricks"):
            assert parsed(html).found, name
    assert parsed('<a href="https://example.org">x</a><img src="data:image/png;base64,AA==">').found == []
