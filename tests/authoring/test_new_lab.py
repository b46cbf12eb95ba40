"""`course new`: the lab that it makes builds, passes its own tests, and never overwrites another."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from course_admin import classroom
from course_admin.authoring import build, student_bundle
from course_admin.authoring.new_lab import IN_CHECKS, new_course, new_lab
from course_admin.cli import main
from course_admin.course import CourseError, Lab
from course_utils import checks

REPO = Path(__file__).parents[2]


@pytest.fixture
def root(tmp_path):
    return new_course(tmp_path / "course", like=REPO)


def test_a_new_lab_builds(root, capsys):
    main_exit(["--root", str(root), "new", "00_template"])
    assert "next     course build 00_template" in capsys.readouterr().out
    build.build(root, say=lambda line: None)
    assert Lab(root, "00_template").release.is_file()


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A clean clone of the course as it is in the working tree, and a function that runs a module of Python in it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=REPO, capture_output=True
    )
    if listed.returncode:
        pytest.skip("a downloaded archive of the course has no git")
    copy = tmp_path_factory.mktemp("clone") / "course"
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (REPO / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPO / name, copy / name)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COURSE"))}
    environment |= {"PYTHONPATH": str(copy), "COURSE_BUDGET": "quick"}

    def run(*arguments):
        command = [sys.executable, "-m", *map(str, arguments)]
        done = subprocess.run(command, env=environment, cwd=copy, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return copy, run


@pytest.mark.pipeline
@pytest.mark.timeout(1200)
def test_a_new_lab_is_built_tested_published_and_graded_as_it_is(clone, tmp_path):
    root, run = clone
    command, lab = "course_admin.cli", "07_attention"
    run(command, "new", lab)
    assert "import attention as checks" in (root / "notebooks" / lab / f"{lab}.py").read_text()
    run(command, "build", lab)
    proved = run("pytest", "tests", "autograder_tests", "-q", "-k", lab, "-p", "no:cacheprovider", "-p", "no:xdist")
    assert "passed" in proved or "[100%]" in proved
    assert "no answers in them" in run(command, "publish", tmp_path / "all")
    assert "no answers in them" in run(command, "publish", tmp_path / "one", lab)
    answers = classroom.reference_answers(classroom.read_notebook(root / "source" / lab / f"{lab}.ipynb"))
    handed_in = classroom.read_notebook(tmp_path / "one" / lab / f"{lab}.ipynb")
    classroom.hand_in(root, "ada", lab, classroom.fill(handed_in, answers))
    run(command, "grade", lab, "--sandbox", "none")
    # All that a check gives: the tenth point is that of the answer in words.
    assert run(command, "report", lab, "--format", "csv").splitlines()[1].startswith(f"{lab},ada,9,10,")


def test_the_code_that_a_lab_gives_is_no_answer_of_its_corpus(root, tmp_path):
    """An answer in a corpus is a whole cell: it repeats the lines that the lab gives, in its own cell and above."""
    new_lab(root, "00_template")
    build.build(root, say=lambda line: None)
    student_bundle.publish(root, tmp_path / "bundle", say=lambda line: None)
    wanted = {secret.line for secret in student_bundle.answers_of(root)}
    assert "(batch - batch)" not in wanted and "model = LinearAutoencoder(images.shape[1], width)" not in wanted
    assert "basis = torch.linalg.svd(images - mean, full_matrices=False)[2][:width]" in wanted


def test_code_that_one_lab_gives_and_that_answers_an_exercise_of_another_stops_neither(root, tmp_path):
    new_lab(root, "00_template")
    for lab in ("08_x", "09_y"):
        text = root / "notebooks" / lab / f"{lab}.py"
        text.parent.mkdir(parents=True)
        text.write_text(
            "# %% [markdown]\n# # A lab\n\n# %%\nimport torch\n\nX = torch.zeros(3, 4)\nX.nansum(dim=0, keepdim=True)\n"
        )
    corpus = root / "autograder_tests" / "corpora" / "09_y" / "total.py"
    corpus.parent.mkdir()
    corpus.write_text("# %% by-nansum\ndef total(X):\n    return X.nansum(dim=0, keepdim=True)\n")
    build.build(root, say=lambda line: None)
    student_bundle.publish(root, tmp_path / "one", ["08_x"], say=lambda line: None)
    with pytest.raises(CourseError, match=r"09_y/09_y.ipynb, cell 2 shows a right answer of a corpus of 09_y"):
        student_bundle.publish(root, tmp_path / "other", ["09_y"], say=lambda line: None)
    (root / "course_utils").mkdir()
    (root / "course_utils" / "sums.py").write_text("def total(X):\n    return X.nansum(dim=0, keepdim=True)\n")
    with pytest.raises(CourseError, match=r"course_utils/sums.py shows a right answer of a corpus of 09_y"):
        student_bundle.publish(root, tmp_path / "one", ["08_x"], say=lambda line: None)


@pytest.mark.parametrize("where", ["below its exercise", "in a text"])
def test_an_answer_of_a_corpus_elsewhere_in_the_lab_is_found(root, tmp_path, where):
    text = new_lab(root, "00_template")[0]
    line = "spread, mean = torch.std_mean(X, dim=0, correction=0)"
    told = text.read_text(encoding="utf-8")
    if where == "in a text":
        told = told.replace("# ### Exercise 1.1", f"# `{line}`\n#\n# ### Exercise 1.1")
    else:
        told = told.replace(
            "# %% [markdown]\n# ## 2", f"# %%\nX = torch.zeros(3, 4)\n{line}\n\n# %% [markdown]\n# ## 2"
        )
    text.write_text(told, encoding="utf-8")
    build.build(root, say=lambda line: None)
    with pytest.raises(CourseError, match="shows a right answer of a corpus of 00_template: spread, mean"):
        student_bundle.publish(root, tmp_path / "bundle", say=lambda line: None)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("09_pca_vs_ae", "topic 'pca_vs_ae' is taken, course_utils/checks/pca_vs_ae is there"),
        ("07_toolkit", "topic 'toolkit' is taken"),
        ("07_template", "topic 'template' is taken"),
        ("07_exercise", "'exercise' cannot be a lab's topic"),
        ("07_lambda", "'lambda' cannot be a lab's topic"),
    ],
)
def test_a_topic_whose_checks_would_be_others_is_refused(root, name, says):
    with pytest.raises(CourseError, match=says):
        new_lab(root, name)
    assert not list(root.rglob(f"*{name}*"))


def test_no_name_in_course_utils_checks_can_be_a_topic():
    names = {name for name, value in vars(checks).items() if not isinstance(value, ModuleType) and name.islower()}
    assert {name for name in names if not name.startswith("_")} == set(IN_CHECKS)


def test_a_run_that_was_killed_half_way_is_finished_by_the_next(root):
    *first, last = new_lab(root, "08_x")
    last.unlink()
    assert last in new_lab(root, "08_x")
    first[-1].write_text("mine")
    last.unlink()
    with pytest.raises(CourseError, match="the topic 'x' is taken"):
        new_lab(root, "08_x")
    assert not last.exists()


@pytest.mark.parametrize("name", ["attention", "7_attention", "07-attention", "07_Attention", "../07_a", ""])
def test_other_names_are_refused(root, name):
    with pytest.raises(CourseError, match="as in 07_attention"):
        new_lab(root, name)
    assert not list(root.rglob("*attention*"))


def test_a_lab_that_is_there_stays(root):
    text = new_lab(root, "00_template")[0]
    text.write_text("mine")
    with pytest.raises(CourseError, match="is there already"):
        new_lab(root, "00_template")
    assert text.read_text() == "mine"


def test_one_file_in_the_way_is_enough(root):
    exam = root / "autograder_tests/exams/08_x.py"
    exam.parent.mkdir(parents=True)
    exam.write_text("mine")
    with pytest.raises(CourseError, match="nothing was written"):
        new_lab(root, "08_x")
    assert not (root / "notebooks/08_x").exists()


def main_exit(arguments):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 0
