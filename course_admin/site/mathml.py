"""A Sphinx extension: convert formulas to MathML while the pages are built, as on the feedback pages."""

from __future__ import annotations

from typing import Any

from course_admin.feedback.formulas import as_mathml


def setup(app: Any) -> dict[str, bool]:
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _inline(writer: Any, node: Any) -> None:
    from docutils import nodes

    writer.body.append(f'<span class="formula">{as_mathml(node.astext())}</span>')
    raise nodes.SkipNode


def _block(writer: Any, node: Any) -> None:
    from docutils import nodes

    writer.body.append(f'<div class="formula">{as_mathml(node.astext(), "block")}</div>\n')
    raise nodes.SkipNode
