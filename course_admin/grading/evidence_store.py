"""Store the evidence of a run as one archive: enough to re-mark without executing anything."""

from __future__ import annotations

import io
import zipfile

from course_admin.grading.exams import Transcript
from course_admin.grading.run_result import Run
from course_utils.evidence import Evidence, EvidenceError, pack, unpack
from course_utils.probes import StudentError

MAX_EVIDENCE = 64 << 20


def pack_evidence(run: Run) -> bytes:
    """Pack the transcripts of a run into one zip archive: EXAM/NUMBER for the answer to each question. No pickle.

    When the total exceeds MAX_EVIDENCE bytes, the exam that exceeds it and all exams after it are left out. An exam
    whose evidence cannot be packed is left out, too.
    """
    archive, room = io.BytesIO(), MAX_EVIDENCE
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        for exam_run in run.exam_runs.values():
            try:
                packed = [_packed(key, got) for key, got in exam_run.transcript.entries]
            except EvidenceError:
                continue
            room -= sum(map(len, packed))
            if room < 0:
                break
            for number, content in enumerate(packed):
                file.writestr(f"{exam_run.exam}/{number:03}", content)
    return archive.getvalue()


def unpack_evidence(archive: bytes) -> dict[str, Transcript]:
    """Return the transcripts in an archive by exam. Raises EvidenceError or BadZipFile for invalid data."""
    found: dict[str, Transcript] = {}
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        for name in sorted(file.namelist()):
            got = unpack(file.read(name))
            key = got.pop("key")
            if "error" in got:
                entry = StudentError(got["error"], got["text"], got["where"])
            else:
                entry = {name.removeprefix("e:"): value for name, value in got.items()}
            found.setdefault(name.rpartition("/")[0], Transcript()).entries.append((key, entry))
    return found


def _packed(key: str, got: Evidence | StudentError) -> bytes:
    if isinstance(got, StudentError):
        return pack({"key": key, "error": got.kind, "text": got.text, "where": got.where})
    return pack({"key": key} | {f"e:{name}": value for name, value in got.items()})
