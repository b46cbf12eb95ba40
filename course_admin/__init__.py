"""What instructors and graders run: the `course` command, one module for each of its parts."""

import sys


def skip_slow_jsonschema_import() -> None:
    """Keep jsonschema, which nbformat imports, from a module that takes a second to import. To be called before it is.

    It checks addresses with characters beyond ASCII; notebooks' schemas have none, and jsonschema does without.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
