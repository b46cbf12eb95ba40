"""A student's folder for a lab: read its state, and replace it with a new hand-in in one step."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from course_admin.common.atomic import TEMPORARY, write_atomic
from course_admin.submissions.safe_files import NBGRADER_FILES, TIMESTAMP, read_plain_file, walk

STATES = NEW, REPLACED, UNCHANGED, KEPT, NOTHING, FAILED = "new", "replaced", "unchanged", "kept", "nothing", "failed"
"""The states of a hand-in: new; replaced an older one; unchanged; kept (the existing files are newer or were put there
by hand); nothing (no usable file); failed (it could not be read or written).
"""


class StudentFolder(NamedTuple):
    """A student's folder for a lab.

    record: the file with the record of the last collected hand-in; earlier: the folder for replaced hand-ins.
    """

    folder: Path
    record: Path
    earlier: Path

    def verdict(self, new: Mapping[str, Any], *, force: bool) -> tuple[str, str]:
        """Return the state that a new hand-in gets, and a note for the user or ""."""
        for above in (self.folder, self.folder.parent):
            if above.is_symlink() or (above.exists() and not above.is_dir()):
                return KEPT, f"{above.name} in submitted/ is a link or a file: nothing was written there"
        there = self._files()
        if there == new["files"]:
            return UNCHANGED, ""
        if not there:
            return NEW, ""
        old = self._recorded()
        if force:
            return REPLACED, "replaced because of --force; what was there is kept"
        if there != old.get("files"):
            return KEPT, "something else is there that was not collected: --force replaces it"
        if _order(new) < _order(old):
            return KEPT, "what is there was handed in later: --force replaces it"
        return REPLACED, "what was there is kept"

    def put(self, content: Mapping[str, bytes], timestamp: str, record: Mapping[str, Any]) -> None:
        """Write a hand-in to a temporary folder, then move it to its place. Move the replaced one to `earlier`."""
        store = self.record.parent
        store.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=".stage-", dir=store))
        for path, data in content.items():
            target = stage.joinpath(*path.split("/"))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        if timestamp:
            (stage / TIMESTAMP).write_text(timestamp, encoding="utf-8")
        stage.chmod(0o755)  # mkdtemp gives access only to the owner
        if self.folder.exists():
            self.earlier.mkdir(parents=True, exist_ok=True)
            number = 1 + max((int(path.name) for path in self.earlier.iterdir() if path.name.isdigit()), default=0)
            self.folder.rename(self.earlier / str(number))
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        stage.rename(self.folder)
        self._note(record)

    def amend(self, timestamp: str, record: Mapping[str, Any]) -> None:
        """Update the time and the record of a hand-in that is already in place."""
        path = self.folder / TIMESTAMP
        if timestamp and read_plain_file(path)[0].decode(errors="replace") != timestamp:
            self._write(path, timestamp)
        if self._recorded() != record:
            self._note(record)

    def _note(self, record: Mapping[str, Any]) -> None:
        self._write(self.record, json.dumps(record, ensure_ascii=False, indent=1) + "\n")

    def _write(self, path: Path, text: str) -> None:
        # The temporary file is in the records' folder, so a killed command leaves no file in the student's folder.
        self.record.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, text, folder=self.record.parent)

    def _recorded(self) -> dict[str, Any]:
        return read_record(self.record)

    def _files(self) -> dict[str, str]:
        """Return the digest of each file in the folder by path, without nbgrader's own files."""
        files = walk(self.folder)[0] if self.folder.is_dir() else []
        found = {}
        for path in files:
            inside = path.relative_to(self.folder).as_posix()
            if inside not in NBGRADER_FILES:
                found[inside] = hashlib.sha256(path.read_bytes()).hexdigest()
        return found


def read_record(path: Path) -> dict[str, Any]:
    """Return the record of a hand-in, {} if it cannot be read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _order(record: Mapping[str, Any]) -> tuple[int, str]:
    """Return a sort key that increases with each hand-in: the attempt (Canvas: number of the file), the file's time."""
    return int(record.get("attempt", 0)), str(record.get("as_of", ""))


def remove_leftovers(store: Path) -> None:
    """Remove incomplete files that a stopped command left behind."""
    for path in [*store.glob(".stage-*"), *store.glob(TEMPORARY)] if store.is_dir() else ():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
