"""Write the files that Sphinx reads to make a site, and call Sphinx."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

from course_admin.course import CourseError

STYLE = Path(__file__).with_name("style")
PICTURES, NOTEBOOKS = "pictures", "notebooks"
"""The site's folders for the figures of the labs, and for the notebooks to work on."""
FILES = ".files"
"""A subfolder of the folder that Sphinx reads; its content is copied into the site unchanged."""
LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])+)\]\(([^()\s]+)\)")
EXTERNAL = ("http://", "https://", "mailto:", "#")
FENCE = re.compile(r"^ *(```|~~~)")


def render(source: Path, dest: Path, title: str, footer: str, announcement: str = "") -> None:
    """Build the pages from the folder `source` into `dest`. announcement: the line shown above each page.

    Raises CourseError for any warning of Sphinx, and if Sphinx is not installed.
    """
    try:
        from sphinx.application import Sphinx
        from sphinx.util.docutils import docutils_namespace
    except ImportError:
        raise CourseError(
            "Sphinx is not installed: run `make setup`, or `pip install -e '.[site]'` in the course's folder"
        ) from None
    warnings = io.StringIO()
    doctrees = source / ".doctrees"
    with docutils_namespace(), redirect_stderr(io.StringIO()):
        app = Sphinx(
            str(source),
            None,
            str(dest),
            str(doctrees),
            "html",
            confoverrides=_settings(title, footer, announcement),
            status=None,
            warning=warnings,
        )
        app.build(force_all=True)
    for left in (".buildinfo", "objects.inv", "_static/webpack-macros.html"):  # readers do not need them
        (dest / left).unlink(missing_ok=True)
    if (source / FILES).is_dir():
        shutil.copytree(source / FILES, dest, dirs_exist_ok=True)
    if found := re.sub(r"\x1b\[[0-9;]*m", "", warnings.getvalue()).strip():
        lines = found.replace(f"{source}/", "").splitlines()
        raise CourseError("\n".join(["the site was not made, correct these places first:", *lines[:20]]))


def manual(text: str, here: Iterable[str]) -> str:
    """Return a manual's text for the site: a link to a file that is not in `here` becomes plain text.

    here: the pages and pictures of the site, as a link in this manual would name them.
    """
    known, lines, fenced = set(here), [], False
    for line in text.split("\n"):
        fenced = fenced != bool(FENCE.match(line))
        lines.append(line if fenced else LINK.sub(lambda found: _link(found, known), line))
    return "\n".join(lines)


def toctree(pages: Sequence[str], *, hidden: bool = True) -> str:
    """Return a list of pages for the navigation, as a toctree of MyST."""
    options = [":hidden:"] if hidden else []
    return "\n".join(["```{toctree}", ":maxdepth: 1", *options, "", *pages, "```", ""])


def write_pages(folder: Path, pages: Mapping[str, str | bytes]) -> None:
    """Write texts and pictures into a folder. pages: their content by path."""
    for name, content in pages.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def _link(found: re.Match[str], known: set[str]) -> str:
    target = found[2].partition("#")[0]
    return found[0] if found[2].startswith(EXTERNAL) or target in known else found[1]


def _settings(title: str, footer: str, announcement: str) -> dict[str, Any]:
    return {
        "project": title,
        "copyright": footer,
        "html_title": title,
        "language": "en",
        "extensions": ["myst_nb", "course_admin.site.mathml"],
        "exclude_patterns": [".doctrees", FILES],
        "nb_execution_mode": "off",
        "nb_merge_streams": True,
        "nb_ipywidgets_js": {},
        "myst_enable_extensions": ["dollarmath"],
        "myst_heading_anchors": 3,
        "html_math_renderer": "mathml",
        "html_theme": "pydata_sphinx_theme",
        "html_theme_options": {
            "logo": {"text": title.partition(":")[0]},
            "navbar_end": ["theme-switcher"],
            "footer_start": ["copyright"],
            "footer_end": [],
            "announcement": announcement,
            "secondary_sidebar_items": ["page-toc"],
            "pygments_light_style": "a11y-high-contrast-light",
            "pygments_dark_style": "a11y-high-contrast-dark",
            "show_toc_level": 2,
            "collapse_navigation": True,
        },
        "html_sidebars": {"**": []},
        "html_static_path": [str(STYLE)],
        "html_css_files": ["course.css"],
        "html_js_files": ["course.js"],
        "html_copy_source": False,
        "html_show_sourcelink": False,
        "html_show_sphinx": False,
        "html_use_index": False,
        "html_domain_indices": False,
        "highlight_language": "none",
    }
