"""The `course` command for instructors and graders, one module for each part of it."""

import sys


def skip_slow_jsonschema_import() -> None:
    """Stop jsonschema from importing rfc3987_syntax, which takes a second. Call this before nbformat is imported.

    nbformat imports jsonschema, which uses the module to check addresses with non-ASCII characters. Notebooks' schemas
    have no such addresses, and jsonschema works without the module.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
