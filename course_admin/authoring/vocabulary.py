"""Write the vocabulary of the checks as a table in docs/contributors.md, from the toolkit's docstrings.

`python -m course_admin.authoring.vocabulary` updates the table; a test fails when the table is out of date.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from course_utils.checks import toolkit
from course_utils.checks.toolkit import networks, randomness, training, values

BEGIN, END = "<!-- vocabulary: begin -->", "<!-- vocabulary: end -->"
SUBJECTS = {
    "Questions, verdicts and values": values.Values,
    "Random numbers and gradients": randomness.Randomness,
    "Networks": networks.Networks,
    "Training": training.Training,
}
FUNCTIONS = (toolkit.exercise, toolkit.nonlinearities, toolkit.run_linear, toolkit.loss_at)


def table() -> str:
    """Return the vocabulary as Markdown: the arguments and docstring of each method of `c` and of each function."""
    lines = []
    for title, owner in SUBJECTS.items():
        lines += [f"### {title}", "", "| call | what it does |", "|---|---|"]
        methods = [item for item in vars(owner).items() if inspect.isfunction(item[1]) and not item[0].startswith("_")]
        lines += [_row(f"c.{name}", method) for name, method in methods if name not in ("verdicts", "lost")]
        lines.append("")
    lines += ["### Functions", "", "| call | what it does |", "|---|---|"]
    return "\n".join([*lines, *(_row(function.__name__, function) for function in FUNCTIONS), ""])


def written(text: str) -> str:
    """Return the text of the guide with the new table. Raises ValueError if BEGIN or END is missing."""
    if BEGIN not in text or END not in text:
        raise ValueError(f"the guide has no place for the table: {BEGIN} ... {END}")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    return f"{before}{BEGIN}\n\n{table()}\n{END}{after}"


def _row(name: str, function: object) -> str:
    signature = inspect.signature(function)
    shown = [
        ("*" if p.kind is p.VAR_POSITIONAL else "**" if p.kind is p.VAR_KEYWORD else "") + p.name
        for p in signature.parameters.values()
        if p.name != "self"
    ]
    about = re.sub(r"\n\n    .*?@exercise.*?\n\n", "\n\n", inspect.getdoc(function) or "", flags=re.DOTALL)
    about = " ".join(about.split()).replace("|", "\\|")
    return f"| `{name}({', '.join(shown)})` | {about} |"


def main() -> None:
    """Write the table into docs/contributors.md of the course around the working directory."""
    guide = Path("docs", "contributors.md")
    guide.write_text(written(guide.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
