"""The wrong answers of a lab's corpora, each with the message of the exam. The messages are kept by content."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from course_admin.common.atomic import write_atomic
from course_admin.course import Lab
from course_admin.site.executed import digest, files_of_course_utils

HOME = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Mistake:
    """A wrong answer of a corpus. name: the name of the corpus's entry; share: the share of the points that is kept;
    message: the lines about what is wrong; code: the whole answer; patch: "old => new" if this is the answer's only
    difference from the reference, else empty.
    """

    exercise: str
    name: str
    share: float
    message: str
    code: str
    patch: str


def load_candidates(root: Path) -> Any:
    """Load autograder_tests/candidates.py, which reads the corpora; by path, since that folder is not a package."""
    spec = importlib.util.spec_from_file_location("course_candidates", _candidates_file(root))
    module = sys.modules["course_candidates"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _candidates_file(root: Path) -> Path:
    own = root / "autograder_tests" / "candidates.py"
    return own if own.is_file() else HOME / "autograder_tests" / "candidates.py"


def mistakes_of(lab: Lab, say: Callable[[str], None]) -> list[Mistake]:
    """Return the mistakes that students make, without the rare ones of unlikely.py.

    The corpora are the course's own files, so their code is executed in this process.
    """
    kept = lab.root / "out" / "judged" / f"{lab.name}-{_key(lab)}.json"
    if kept.is_file():
        return [Mistake(**about) for about in json.loads(kept.read_text(encoding="utf-8"))]
    candidates = load_candidates(lab.root)
    entries = [
        entry
        for entry in candidates.read_corpus(lab.root, lab.name)
        if entry.keeps is not None and entry.path.stem != "unlikely"
    ]
    say(f"{lab.name}: judging {len(entries)} mistakes of the corpora")
    found = [_judged(lab, candidates, entry) for entry in entries]
    kept.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(kept, json.dumps([asdict(mistake) for mistake in found], ensure_ascii=False, indent=1))
    return found


def _judged(lab: Lab, candidates: Any, entry: Any) -> Mistake:
    from course_admin.grading.exams import load_exams, run_exam
    from course_utils.probes import direct_ask

    exam = load_exams(lab.root, lab.name)[entry.exercise]
    code = candidates.apply(entry, candidates.solution(lab.root, lab.name, entry.exercise))
    with redirect_stdout(StringIO()):
        names = candidates.candidate(lab.root, lab.name, {entry.exercise: code})
        result = run_exam(exam, direct_ask({target: names.get(target) for target in exam.targets}))
    lines = [line for line in result.message.splitlines() if not line.startswith("✓")]
    return Mistake(entry.exercise, entry.name, result.share, "\n".join(lines), code, entry.patch)


def _key(lab: Lab) -> str:
    """Return a key of everything that the messages depend on: the corpora, the exams and the code that runs them,
    all of course_utils, and the lab's text.
    """
    from course_admin.grading import exams

    own = [lab.text, lab.exams, *sorted(lab.corpora.glob("*.py")), Path(exams.__file__), _candidates_file(lab.root)]
    return digest([*own, *files_of_course_utils(lab.root)], [])
