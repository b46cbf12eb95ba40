"""`render`, the last of the five calls: make the feedback page with nbgrader's own exporter and templates.

It runs in the workers and opens no gradebook, because scores and comments are in the notebook's metadata.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import nbformat


@dataclass(frozen=True)
class Page:
    """A feedback page to render. notebook: with scores and comments in its metadata, as JSON; resources: nbgrader's."""

    notebook: str
    resources: dict[str, Any]
    config: Any


def render(page: Page) -> str:
    """Return a feedback page as HTML."""
    exporter = _exporter(_ConfigKey(page.config))
    notebook = nbformat.from_dict(json.loads(page.notebook))
    made = exporter.from_notebook_node(notebook, resources=dict(page.resources))[0]
    # nbgrader's template has no language. Without it, a screen reader would use its user's language.
    return made.replace("<html>", '<html lang="en">', 1)


def preprocessors(given: list[Any], without: tuple[type, ...], config: Any) -> list[Any]:
    """Make preprocessors from classes or dotted names, except subclasses of `without` and those that need a Run."""
    from traitlets.utils.importstring import import_item

    kinds = [import_item(kind) if isinstance(kind, str) else kind for kind in given]
    # nbgrader's list also has disabled ones. When called, they do nothing.
    return [
        kind(config=config) for kind in kinds if not issubclass(kind, without) and not getattr(kind, "needs_run", False)
    ]


class _ConfigKey:
    """A configuration as a cache key: configurations with the same content are equal."""

    def __init__(self, config: Any) -> None:
        self.config, self._text = config, repr(config)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ConfigKey) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


@lru_cache(maxsize=2)
def _exporter(key: _ConfigKey) -> Any:
    """Return the exporter of generate_feedback without the preprocessors that open the gradebook."""
    from nbgrader.converters import GenerateFeedback
    from nbgrader.preprocessors import AssignLatePenalties, GetGrades

    converter = GenerateFeedback(config=key.config)
    exporter = converter.exporter_class(parent=converter, config=converter.config)
    for step in preprocessors(converter.preprocessors, (GetGrades, AssignLatePenalties), converter.config):
        exporter.register_preprocessor(step)
    return exporter
