"""Load the jinja2 templates of a page from the folder `templates` next to the module that renders them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment


def templates_beside(module: str) -> Environment:
    """Return the environment for the templates next to a module. module: its `__file__`.

    Values are escaped, because names and answers come from students. An undefined name in a template is an error.
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
