"""The student bundle: everything students need, and nothing that answers an exercise."""

import ast
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import tomllib
import yaml
from mini_course import NAME, make_course, put
from PIL import Image, PngImagePlugin

from course_admin.authoring import build, leaks, student_bundle
from course_admin.cli import main
from course_admin.course import CourseError, Lab, find_labs
from course_admin.grading.execution import ExecutionSettings
from course_admin.nbgrader_plugins.execute import CourseExecute
from course_admin.settings import SECONDS_TO_VALIDATE

ROOT = Path(__file__).resolve().parents[2]
LABS = [lab.name for lab in find_labs(ROOT)]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """The real course, published as a folder and a .zip; not to be written to."""
    return student_bundle.publish(
        ROOT, tmp_path_factory.mktemp("published") / "autoencoders", zip=True, say=lambda line: None
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A course of one small lab, built; not to be written to."""
    root = tmp_path_factory.mktemp("mini") / "course"
    make_course(root)
    build.build(root, say=lambda line: None)
    return root


@pytest.fixture
def course(built, tmp_path):
    """A copy of that course for one test, with a corpus."""
    root = shutil.copytree(built, tmp_path / "course")
    corpora = root / "autograder_tests" / "corpora" / NAME
    put(
        corpora / "scale.py",
        "# %% by-torch\ndef scale(X):\n    return F.normalize(X, p=inf)\n",
    )
    put(corpora / "unlikely.py", '# %% forgets-the-sign exercise="scale" keeps=0 hint="negative"\nlargest = X.max(0)\n')
    return root


def read(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def digest(folder):
    return {name: hashlib.sha256(data).hexdigest() for name, data in read(folder).items()}


def run(*arguments, cwd, **environment):
    """A Python that knows neither the working directory nor PYTHONPATH; -S in `arguments`: nor what is installed."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_"))}
    command = [sys.executable, "-I", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env={**env, **environment}, capture_output=True, text=True, timeout=200)


# --- what is in it --------------------------------------------------------------------------------------


def test_the_bundle_has_the_releases_what_they_import_and_how_to_begin_and_nothing_else(bundle):
    names = set(read(bundle))
    assert {path.name for path in bundle.iterdir()} == {
        *("README.md", "LICENSE", "LICENSE-TEXT", "pyproject.toml", "environment.yml", "course_utils"),
        "nbgrader_config.json",
        *LABS,
    }
    tracked = subprocess.run(["git", "ls-files", "course_utils"], cwd=ROOT, capture_output=True, text=True)
    if tracked.returncode == 0:  # a downloaded archive of the course has no git
        # Of the checks those of its labs: neither the template's, nor those of drafts (folders notebooks/_...).
        drafts = tuple(f"course_utils/checks/{path.name[4:]}/" for path in (ROOT / "notebooks").glob("_[0-9][0-9]_*"))
        template = ("course_utils/checks/template/", *drafts)
        assert {name for name in tracked.stdout.split() if not name.startswith(template)} <= names
        assert not [name for name in names if name.startswith(template)]
    for lab in find_labs(ROOT):
        released = {f"{lab.name}/{name}": data for name, data in read(lab.release.parent).items() if name[0] != "."}
        assert {name: data for name, data in read(bundle).items() if name.startswith(lab.name)} == released
    assert not [name for name in names if re.search(r"\.pyc$|__pycache__|/\.|/test|checkpoints/\.", name)]


def test_the_readme_names_every_lab_and_no_placeholder_is_left(bundle):
    text = (bundle / "README.md").read_text(encoding="utf-8")
    assert "{" not in text
    links = re.findall(r"\]\((\S+\.ipynb)\)", text)
    assert links == [f"{lab}/{lab}.ipynb" for lab in LABS]
    for mentioned in re.findall(r"`([\w./-]+\.(?:ipynb|yml|md))`", text):
        assert (bundle / mentioned).is_file() or mentioned == f"{LABS[0]}.ipynb", mentioned


@pytest.mark.parametrize("start", ["bundle", "course"])
def test_the_validate_button_gives_a_training_cell_minutes(bundle, monkeypatch, start):
    from nbgrader.preprocessors import Execute
    from nbgrader.server_extensions.validate_assignment.handlers import ValidateAssignmentHandler
    from nbgrader.validator import Validator

    # Where the bundle's README starts `jupyter lab`, and where `make lab` does.
    monkeypatch.chdir({"bundle": bundle, "course": ROOT}[start])
    config = ValidateAssignmentHandler.load_config(None)
    assert Execute(parent=Validator(config=config)).timeout == SECONDS_TO_VALIDATE
    assert CourseExecute(config=config).timeout == ExecutionSettings().timeout, "grading keeps its own limit"


def test_what_to_install_is_what_the_courses_pyproject_says(bundle):
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    made = tomllib.loads((bundle / "pyproject.toml").read_text(encoding="utf-8"))
    assert made["project"]["dependencies"] == ours["dependencies"]
    assert made["project"]["optional-dependencies"] == {"lab": ours["optional-dependencies"]["lab"]}
    assert "scripts" not in made["project"]
    conda = yaml.safe_load((bundle / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    by_pip = conda.pop()["pip"]
    assert by_pip.pop() == "-e ."
    assert {*conda[2:], *by_pip} == {*ours["dependencies"], *ours["optional-dependencies"]["lab"]}
    assert [entry.split("=")[0] for entry in conda[:2]] == ["python", "pip"]


def test_the_zip_holds_the_same_in_one_folder_and_is_the_same_every_time(bundle, tmp_path):
    with zipfile.ZipFile(bundle.with_name("autoencoders.zip")) as archive:
        archive.extractall(tmp_path)
    assert digest(tmp_path / "autoencoders") == digest(bundle)
    again = student_bundle.publish(ROOT, tmp_path / "again" / "autoencoders", zip=True, say=lambda line: None)
    assert again.with_name("autoencoders.zip").read_bytes() == bundle.with_name("autoencoders.zip").read_bytes()


def two_labs(course):
    """A second lab beside that of the course, each with checks of its own, and a third part of checks."""
    other = course / "notebooks" / "02_other" / "02_other.py"
    put(other, "# %% [markdown]\n# # Other\n\n# %%\nfrom course_utils.checks import other as checks\n")
    for name in ("mini", "other", "shared", "unused"):
        put(course / "course_utils" / "checks" / name / "__init__.py", f'"""The checks of {name}."""\n')
    build.build(course, say=lambda line: None)


def checks_in(bundle):
    return {path.name for path in (bundle / "course_utils" / "checks").iterdir() if path.is_dir()}


@pytest.mark.parametrize(
    ("more", "inside"),
    [
        ("", {"toolkit", "other"}),
        ("from course_utils.checks.shared import x\n", {"toolkit", "other", "shared"}),
        ("def f():\n    from .. import shared\n", {"toolkit", "other", "shared"}),
    ],
)
def test_a_bundle_holds_the_checks_of_its_own_labs_and_what_they_import(course, tmp_path, more, inside):
    two_labs(course)
    put(course / "course_utils" / "checks" / "other" / "exercise.py", more)
    student_bundle.publish(course, tmp_path / "bundle", ["02_other"])
    assert checks_in(tmp_path / "bundle") == inside
    student_bundle.publish(course, tmp_path / "bundle", [NAME, "02_other"])
    assert checks_in(tmp_path / "bundle") == inside | {"mini"}


def test_a_lab_may_use_the_checks_of_another(course, tmp_path):
    two_labs(course)
    text = course / "notebooks" / "02_other" / "02_other.py"
    put(text, text.read_text(encoding="utf-8").replace("import other as", "import shared as"))
    build.build(course, say=lambda line: None)
    student_bundle.publish(course, tmp_path / "bundle", ["02_other"])
    assert checks_in(tmp_path / "bundle") == {"toolkit", "other", "shared"}


@pytest.mark.parametrize("lab", LABS)
def test_the_bundle_of_one_lab_has_all_that_its_notebook_and_its_checks_import(tmp_path, lab):
    dest = student_bundle.publish(ROOT, tmp_path / "one", [lab], say=lambda line: None)
    assert checks_in(dest) == {"toolkit", lab[3:]}
    code = f"""
import sys
sys.path.insert(0, {str(dest)!r})
from course_utils.checks import {lab[3:]} as checks
assert checks.__file__.startswith({str(dest)!r}), checks.__file__
"""
    done = run("-B", "-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


# --- no answers -----------------------------------------------------------------------------------------


def test_no_file_of_the_bundle_holds_an_answer_to_any_lab(bundle):
    assert student_bundle.answers_in(read(bundle), ROOT) == []
    name = "autoencoders.zip"
    assert student_bundle.answers_in({name: bundle.with_name(name).read_bytes()}, ROOT) == []


def test_the_answers_of_every_lab_and_of_every_kind_are_looked_for():
    wanted = {secret.key for secret in student_bundle.answers_of(ROOT)}
    for lab in find_labs(ROOT):
        notebook = json.loads(lab.source.read_text(encoding="utf-8"))
        kinds = set()
        for secret in leaks.secrets([{**cell, "source": "".join(cell["source"])} for cell in notebook["cells"]]):
            assert secret.key in wanted
            kinds.add(secret.kind)
        assert kinds == {"solution", "hidden test", "mark scheme"}
        if lab.exams.is_file():
            exam = leaks.secrets_of_code(lab.exams.read_text(encoding="utf-8"), "exam")
            assert exam and {secret.key for secret in exam} <= wanted
        assert any(secret.kind == "right answer of a corpus" for secret in student_bundle.answers_of(ROOT))


@pytest.mark.parametrize("lab", LABS)
def test_an_instructors_notebook_would_be_found_wherever_it_hides(bundle, lab):
    """That the search sees anything at all: each secret line of the real labs, in a file of the real bundle."""
    source = next(item for item in find_labs(ROOT) if item.name == lab).source.read_bytes()
    assert len(student_bundle.answers_in({"notes.txt": source}, ROOT)) > 5
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("weights.npy", source)
    assert len(student_bundle.answers_in({"course_utils/data/samples/x.npz": packed.getvalue()}, ROOT)) > 5


def picture_with(text):
    data, info = io.BytesIO(), PngImagePlugin.PngInfo()
    info.add_text("Comment", text, zip=True)
    Image.new("L", (2, 2)).save(data, "png", pnginfo=info)
    return data.getvalue()


def archive_with(name, content=b""):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return data.getvalue()


def notebook_with(**cell):
    made = {"cell_type": "markdown", "metadata": {}, "source": ["as it", "should be"], **cell}
    return json.dumps({"cells": [made], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()


SOLUTION = "largest = np.abs(X).max(axis=0)"
PLANTED = {
    "a solution line in a module": ("course_utils/plotting/style.py", SOLUTION.encode()),
    "a solution with other quotes and spaces": ("README.md", b"largest  =  np.abs( X ).max( axis = 0 )"),
    "a solution over two cells' lines": ("a/a.ipynb", notebook_with(source=["largest = np.abs(\n", "X).max(axis=0)"])),
    "a solution in a notebook's metadata": ("a/a.ipynb", notebook_with(metadata={"old": [SOLUTION]})),
    "a solution in an output": ("a/a.ipynb", notebook_with(outputs=[{"text": [SOLUTION]}])),
    "a solution's comment": ("a.txt", b"the largest value of a column, whatever its sign"),
    "a solution in a picture": ("figures/a.png", picture_with(SOLUTION)),
    "a solution in an archive": ("a.npz", archive_with("a.npy", SOLUTION.encode())),
    "a solution among numbers": ("a.npz", archive_with("a.npy", b"\x00\x01\xff" * 9 + SOLUTION.encode() + b"\x00" * 9)),
    "a solution as a member's name": ("a.npz", archive_with(SOLUTION)),
    "a solution in an archive in an archive": ("a.zip", archive_with("b.npz", archive_with("c", SOLUTION.encode()))),
    "a hidden test": ("README.md", b'grade("01_mini", "scale", scale)'),
    "a mark scheme": ("README.md", b"1 point: says that columns in different units become comparable"),
    "an exam": ("course_utils/x.py", b"import no_such_module_so_this_file_must_never_be_run\n@exam('scale')\n"),
    "a right answer of a corpus": ("course_utils/x.py", b"def scale(X):\n    return F.normalize(X, p=inf)"),
    "an entry of a corpus": ("x.txt", b'# %% forgets-the-sign exercise="scale" keeps=0 hint="negative"'),
    "a marker": ("a/a.ipynb", notebook_with(source="### BEGIN HIDDEN TESTS")),
    "another marker": ("course_utils/x.py", b"    ### END SOLUTION\n"),
    "an instructor's module": ("course_admin/x.py", b""),
    "an instructor's notebook": ("source/a/a.ipynb", notebook_with()),
}


@pytest.mark.parametrize("what", PLANTED)
def test_a_planted_answer_is_found(course, what):
    name, data = PLANTED[what]
    if what == "an exam":
        exams = course / "autograder_tests" / "exams" / f"{NAME}.py"
        put(exams, exams.read_text(encoding="utf-8").replace("return []", "return [rng.normal(size=(7, 5)), 12.25]"))
        data = b"return [rng.normal(size=(7, 5)), 12.25]"
    assert student_bundle.answers_in({name: data}, course), what


def test_a_cell_that_repeats_an_answer_on_purpose_may(course):
    shown = notebook_with(source=SOLUTION, metadata={"tags": [leaks.ON_PURPOSE]})
    assert student_bundle.answers_in({"a/a.ipynb": shown, "b.txt": b"largest of all"}, course) == []


def test_an_answer_in_course_utils_stops_the_command(course, tmp_path, capsys):
    put(course / "course_utils" / "checks" / "mini.py", f"def scale(X):\n    {SOLUTION}\n")
    with pytest.raises(SystemExit) as ended:
        main(["--root", str(course), "publish", str(tmp_path / "bundle")])
    said = capsys.readouterr()
    assert ended.value.code == 1
    assert re.search(
        rf"answer would go to students: course_utils/checks/mini\.py shows a solution of {NAME}: largest", said.err
    )
    assert not (tmp_path / "bundle").exists()


def test_all_finds_are_told_and_of_very_many_the_files(course, tmp_path):
    put(course / "course_utils" / "a.py", f"def scale(X):\n    {SOLUTION}\n")
    put(course / "course_utils" / "b.py", f"def scale(X):\n    {SOLUTION}\n")
    with pytest.raises(CourseError) as refused:
        student_bundle.publish(course, tmp_path / "bundle")
    lines = str(refused.value).splitlines()
    assert len(lines) == 5 and "course_utils/a.py shows" in lines[0] and "course_utils/b.py shows" in lines[2]
    assert leaks.ON_PURPOSE in lines[-1]
    for number in range(30):
        put(course / "course_utils" / f"c{number}.py", "### BEGIN SOLUTION\n")
    with pytest.raises(CourseError) as refused:
        student_bundle.publish(course, tmp_path / "bundle")
    said = str(refused.value)
    assert all(f"course_utils/c{number}.py" in said for number in range(30)) and len(said.splitlines()) == 22


# --- it works alone -------------------------------------------------------------------------------------


def test_course_utils_works_from_the_bundle_alone(bundle, tmp_path):
    code = f"""
import importlib, pkgutil, sys
sys.path.insert(0, {str(bundle)!r})
import course_utils
assert course_utils.__file__.startswith({str(bundle)!r}), course_utils.__file__
for module in pkgutil.walk_packages(course_utils.__path__, "course_utils."):
    importlib.import_module(module.name)
from course_utils.data import load_fashion_mnist, load_mnist
images, labels = load_mnist("train", source="sample")
print(*images.shape, *labels.shape, len(load_fashion_mnist("test", source="sample").labels))
assert not [name for name in sys.modules if name.startswith(("course_admin", "nbgrader"))]
"""
    done = run("-B", "-c", code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "10000 1 28 28 10000 500\n"


def install_cell(prelude="", lab=LABS[0]):
    return prelude + "\n" + build.install_cell(Lab(ROOT, lab))


NEVER = "import subprocess\ndef never(*a, **k): raise AssertionError(a)\nsubprocess.run = never"
RECORD = "import json, subprocess\nsubprocess.run = lambda command, check: print(json.dumps(command), check)"


def test_the_install_cell_does_nothing_where_course_utils_is_there(bundle, tmp_path):
    prelude = f"import sys; sys.path.insert(0, {str(bundle)!r})\n{NEVER}"
    done = run("-S", "-c", install_cell(prelude), cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_install_cell_takes_the_bundle_around_the_notebook_and_leaves_torch_alone(bundle):
    done = run("-S", "-c", install_cell(RECORD), cwd=bundle / LABS[0])
    assert done.returncode == 0, done.stderr
    command, check = done.stdout.rsplit(" ", 1)
    command = json.loads(command)
    assert command[:4] == [sys.executable, "-m", "pip", "install"] and check.strip() == "True"
    assert "--no-deps" in command and Path(command[-1]).samefile(bundle)


def test_the_install_cell_replaces_a_course_utils_without_the_checks_of_its_lab(bundle, tmp_path):
    """As where the bundle of another lab was installed before."""
    older = shutil.copytree(bundle, tmp_path / "older")
    shutil.rmtree(older / "course_utils" / "checks" / LABS[0][3:])
    shutil.make_archive(str(tmp_path / "colab" / "a"), "zip", older.parent, older.name)
    prelude = f"import sys; sys.path.insert(0, {str(older)!r})\n"
    done = run("-S", "-c", install_cell(prelude + RECORD), cwd=bundle / LABS[0])
    assert done.returncode == 0, done.stderr
    command = json.loads(done.stdout.rsplit(" ", 1)[0])
    assert "--force-reinstall" in command and Path(command[-1]).samefile(bundle)
    done = run("-S", "-c", install_cell(prelude + NEVER), cwd=tmp_path / "colab")
    assert done.returncode == 1
    assert done.stderr.startswith("course_utils is here without this lab's checks: upload")
    imported = f"{prelude}import types; sys.modules['course_utils'] = types.ModuleType('course_utils')\n"
    imported += f"sys.modules['course_utils'].__spec__ = types.SimpleNamespace(origin={str(older / 'x' / 'y')!r})\n"
    done = run("-S", "-c", install_cell(imported + RECORD), cwd=bundle / LABS[0])
    assert (done.returncode, done.stderr.count("Restart the kernel")) == (1, 1), done.stderr


def test_the_install_cell_says_what_to_do_where_there_is_no_bundle(tmp_path):
    done = run("-S", "-c", install_cell(NEVER), cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("course_utils is missing: ") and len(done.stderr.splitlines()) == 1
    assert "upload" in done.stderr


def installed(folder):
    top = {path.name for path in folder.iterdir() if not path.name.endswith(".dist-info")}
    assert top == {"course_utils"}, "nothing but course_utils is installed"
    return {name: data for name, data in read(folder / "course_utils").items() if not name.endswith(".pyc")}


def wanted(bundle):
    return read(bundle / "course_utils")


def test_the_install_cell_really_installs(bundle, tmp_path):
    """By pip, offline (this environment's setuptools builds), into a folder where it does no harm."""
    copy = shutil.copytree(bundle, tmp_path / "bundle")  # pip builds in place
    target = tmp_path / "target"
    ending = f"\nimport os; sys.path.insert(0, {str(target)!r})\nassert importlib.util.find_spec('course_utils')"
    settings = {
        "PIP_TARGET": str(target),
        "PIP_NO_BUILD_ISOLATION": "false",
        "PIP_NO_INDEX": "1",
    }
    done = run("-S", "-c", install_cell() + ending, cwd=copy / LABS[0], **settings)
    assert done.returncode == 0, done.stderr
    assert installed(target) == wanted(bundle)


@pytest.mark.parametrize("what", ["the zip", "the folder"])
def test_the_install_cell_finds_what_was_uploaded_beside_the_notebook(bundle, tmp_path, what):
    """As on Colab: all uploads lie in one folder, with others that are not the course."""
    (tmp_path / "broken.zip").write_bytes(b"PK")
    (tmp_path / "other.zip").write_bytes(archive_with("a.txt"))
    (tmp_path / "sample_data").mkdir()
    if what == "the zip":
        uploaded = shutil.copy(bundle.with_name("autoencoders.zip"), tmp_path)
    else:
        uploaded = shutil.copytree(bundle, tmp_path / "autoencoders")
    done = run("-S", "-c", install_cell(RECORD), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert Path(json.loads(done.stdout.rsplit(" ", 1)[0])[-1]).samefile(uploaded)


def test_pip_installs_the_zip(bundle, tmp_path):
    options = ["--no-build-isolation", "--no-index", "--no-compile", "--target", tmp_path / "target"]
    archive = bundle.with_name("autoencoders.zip")
    done = run("-m", "pip", "install", "-q", "--no-deps", *options, archive, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert installed(tmp_path / "target") == wanted(bundle)


@pytest.mark.parametrize("lab", LABS)
def test_each_release_has_one_install_cell_before_anything_needs_course_utils(lab):
    notebook = json.loads(
        next(item for item in find_labs(ROOT) if item.name == lab).release.read_text(encoding="utf-8")
    )
    sources = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    install = build.install_cell(Lab(ROOT, lab)).strip()
    assert [source.strip() for source in sources].count(install) == 1
    assert f'NEEDED = "course_utils/checks/{lab[3:]}/__init__.py"' in install
    first = next(number for number, source in enumerate(sources) if "course_utils" in source)
    assert sources[first].strip() == install
    assert not [source for source in sources if "course_admin" in imported(source)]
    assert "course_utils" in imported("\n".join(sources[first + 1 : first + 3]))


def imported(source):
    found = set()
    for node in ast.walk(ast.parse(re.sub(r"^\s*[%!].*", "pass", source, flags=re.MULTILINE))):
        names = [item.name for item in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        found |= {name.split(".")[0] for name in names}
    return found


# --- where it is written --------------------------------------------------------------------------------


def test_publishing_again_replaces_the_bundle_whole(course, tmp_path):
    dest = tmp_path / "bundle"
    student_bundle.publish(course, dest)
    first = digest(dest)
    (dest / "course_utils" / "stale.py").write_text("")
    (dest / "LICENSE").write_text("edited")
    (dest / "autoencoder_course.egg-info").mkdir()
    student_bundle.publish(course, dest)
    assert digest(dest) == first
    assert {path.name for path in tmp_path.iterdir()} == {"course", "bundle"}, "nothing is left beside it"


def test_what_a_killed_run_left_is_cleared_away(course, tmp_path, monkeypatch):
    dest = tmp_path / "bundle"
    student_bundle.publish(course, dest)
    whole = digest(dest)
    real, calls = Path.rename, []

    def dies(path, target):
        calls.append(target)
        if len(calls) == 2:  # the old bundle is out of the way, the new one not yet there
            os._exit(9)
        return real(path, target)

    child = os.fork()
    if child == 0:
        monkeypatch.setattr(Path, "rename", dies)
        try:
            student_bundle.publish(course, dest)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert not dest.exists()
    student_bundle.publish(course, dest)
    assert digest(dest) == whole
    assert {path.name for path in tmp_path.iterdir()} == {"course", "bundle"}


def prepare(kind, course, tmp_path):
    """A destination that is refused."""
    if kind == "a folder with something else in it":
        put(tmp_path / "theirs" / "thesis.tex", "years of work")
        return tmp_path / "theirs"
    if kind == "a bundle with something of one's own in it":
        student_bundle.publish(course, tmp_path / "bundle")
        put(tmp_path / "bundle" / ".git" / "HEAD", "ref: refs/heads/main\n")
        return tmp_path / "bundle"
    if kind == "a file":
        put(tmp_path / "theirs", "years of work")
        return tmp_path / "theirs"
    if kind == "a zip of something else":
        put(tmp_path / "theirs.zip", archive_with("thesis.tex"))
        return tmp_path / "theirs"
    return {"the course": course, "above the course": tmp_path, "a room": course / "release" / "bundle"}[kind]


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("a folder with something else in it", "holds something that is no student bundle: name another folder"),
        ("a bundle with something of one's own in it", r"holds \.git, which no bundle has .* move it away"),
        ("a file", "is a file: name a folder"),
        ("a zip of something else", "is there and is no student bundle: move it away"),
        ("the course", "holds the course itself: name a folder beside it"),
        ("above the course", "holds the course itself: name a folder beside it"),
        ("a room", "is one of the course's own folders: name another"),
    ],
)
def test_a_place_that_would_lose_something_is_refused(course, tmp_path, kind, says):
    dest = prepare(kind, course, tmp_path)
    before = digest(tmp_path)
    with pytest.raises(CourseError, match=says) as refused:
        student_bundle.publish(course, dest, zip=True)
    assert "\n" not in str(refused.value)
    assert digest(tmp_path) == before


def test_a_release_that_is_not_what_the_text_makes_is_not_published(course, tmp_path):
    text = course / "notebooks" / NAME / f"{NAME}.py"
    put(text, text.read_text(encoding="utf-8").replace("naïve", "wise"))
    with pytest.raises(CourseError, match=f"not published, .*{NAME}.*`course build") as refused:
        student_bundle.publish(course, tmp_path / "bundle")
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "bundle").exists()


def test_a_name_without_a_lab_is_refused_and_one_lab_can_go_alone(course, tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--root", str(course), "publish", str(tmp_path / "bundle"), "09_nothing"])
    assert ended.value.code == 1
    assert "no lab '09_nothing'" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        main(["--root", str(course), "publish", str(tmp_path / "bundle"), NAME])
    assert ended.value.code == 0
    assert "no answers in them" in capsys.readouterr().out
    assert (tmp_path / "bundle" / NAME / "figures" / "square.png").is_file()
