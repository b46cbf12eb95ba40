"""The jinja2 templates of a page, in the folder `templates` beside the module that fills them in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment


def templates_beside(module: str) -> Environment:
    """The templates beside a module (its `__file__`). Values are escaped: names and answers come from students. A name
    that the template uses and nobody gave is an error.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(Path(module).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
