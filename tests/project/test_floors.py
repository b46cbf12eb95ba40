"""The labs and course_utils with the oldest versions that pyproject.toml allows, and with the newest Python.

Each makes an environment with uv, some GB in the temporary folder. Only `make test-all` runs them; docs/students.md
says which versions ran last.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
TOOLS = ("pytest>=8", "pytest-timeout", "hypothesis", "colorspacious")
VERSIONS = {"oldest": ("3.10", "lowest-direct"), "newest": ("3.13", "highest")}

pytestmark = [
    pytest.mark.floors,
    pytest.mark.timeout(5400),
    pytest.mark.skipif(
        os.environ.get("COURSE_FLOORS") != "1", reason="COURSE_FLOORS=1 runs them, as make test-all does"
    ),
]


def run(*command, cwd=REPO, **environment):
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout[-6000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module", params=VERSIONS)
def environment(request, tmp_path_factory):
    """The bin folder of an environment with these versions and the students' packages."""
    python, resolution = VERSIONS[request.param]
    uv = shutil.which("uv") or REPO / ".venv" / "bin" / "uv"
    index = run(REPO / ".venv/bin/python", "-m", "pip", "config", "list")
    urls = [line.split("'")[1] for line in index.splitlines() if ".index-url=" in line]
    settings = {"UV_DEFAULT_INDEX": urls[-1]} if urls else {}
    folder = tmp_path_factory.mktemp(request.param)
    if subprocess.run([uv, "python", "find", python], capture_output=True).returncode:
        pytest.skip(f"no Python {python} here")
    run(uv, "venv", "--python", python, folder / ".venv")
    # A copy, since an editable install of the course would write into the repository.
    course = folder / "course"
    for name in ("course_utils", "course_admin"):
        shutil.copytree(REPO / name, course / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "LICENSE-TEXT"):
        shutil.copy(REPO / name, course)
    install = [uv, "pip", "install", "--python", folder / ".venv/bin/python"]
    # In this folder, since in the repository uv takes the pins of [tool.uv] for torch and torchvision.
    run(*install, "--resolution", resolution, f"{course}[lab]", cwd=folder, **settings)
    run(*install, *TOOLS, cwd=folder, **settings)
    versions = run(uv, "pip", "freeze", "--python", folder / ".venv/bin/python", cwd=folder)
    if resolution.startswith("lowest"):
        assert "torch==2.2.0\n" in versions, versions
    return folder / ".venv" / "bin"


def test_the_tests_of_course_utils_pass(environment):
    run(
        environment / "python",
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/course_utils",
        OMP_NUM_THREADS="1",
    )


@pytest.mark.parametrize("lab", sorted(path.parent.name for path in REPO.glob("source/*/*.ipynb")))
def test_a_lab_runs_from_top_to_bottom(environment, lab, tmp_path):
    run(
        *(environment / "jupyter", "nbconvert", "--to", "notebook", "--execute", "--output-dir", tmp_path),
        *("--ExecutePreprocessor.timeout=600", REPO / "source" / lab / f"{lab}.ipynb"),
        COURSE_BUDGET="quick",
        OMP_NUM_THREADS="1",
        PATH=f"{environment}:{os.environ['PATH']}",
    )
