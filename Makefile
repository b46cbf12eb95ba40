# The course's commands. Each target does its own set-up: .venv is made from requirements.lock the first time
# and left alone as long as nothing changes (course_admin/bootstrap.py).

PYTHON ?= python3
JOBS ?= 2
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest -ra --durations=5 --durations-min=2

# An active environment, or modules on PYTHONPATH, must not get between the course and its .venv.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV
# Several processes with several threads each only get in each other's way.
test test-hostile test-all lint: export OMP_NUM_THREADS := 1
# The command that grades is killed at so many random points (tests/grading/test_engine.py), else at 20.
test-all: export COURSE_KILLS := 100
# Environments with the oldest versions and the newest Python (tests/project/test_floors.py).
test-all: export COURSE_FLOORS := 1

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-hostile test-all lab build site guide lint lock bench results figures clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

setup: ## make or update .venv (nothing to do: a fraction of a second)
	@$(PYTHON) -I course_admin/bootstrap.py $(if $(filter setup,$(MAKECMDGOALS)),--tell)

demo: setup ## build the releases, make a small class, grade it, show marks and feedback
	@$(BIN)/course demo

test: setup ## the fast tests
	@$(PYTEST) -n $(JOBS) --dist worksteal -m "not pipeline and not browser and not hostile and not floors"

test-hostile: setup ## bombs and hostile submissions, in the sandbox with its limits in place
	@$(PYTEST) -m hostile

test-all: setup ## every test: also whole grading runs, all notebooks, the browser
	@$(PYTEST) -n $(JOBS) --dist worksteal

lab: setup ## open JupyterLab on the students' notebooks
	@$(BIN)/jupyter lab --notebook-dir=release $(if $(filter 0,$(shell id -u)),--allow-root)

build: setup ## notebooks -> source -> release
	@$(BIN)/course build

lint: setup ## check format and style
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

site: setup ## the web site: labs with figures, manuals, results (out/site; the first time some minutes)
	@OMP_NUM_THREADS=1 $(BIN)/course site

guide: setup ## the teacher's guide with the solved notebooks, for instructors alone (out/guide)
	@OMP_NUM_THREADS=1 $(BIN)/course guide

# uv solves for all platforms at once; it does not read pip's configuration, so the index is handed on. Pins that
# still fit stay as they are: `make lock UPGRADE=--upgrade` renews them. torch's pin stands in pyproject.toml.
lock: setup ## write requirements.lock anew from pyproject.toml
	@index=$$($(BIN)/python -m pip config get global.index-url 2>/dev/null); \
	if [ -n "$$index" ] && [ -z "$$UV_DEFAULT_INDEX" ]; then export UV_DEFAULT_INDEX="$$index"; fi; \
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 pyproject.toml --extra dev \
		--output-file requirements.lock --custom-compile-command "make lock" \
		--no-annotate --no-emit-index-url --no-emit-find-links $(UPGRADE)

# Not results.py, which `make results` runs.
BENCHMARKS = $(filter-out benchmarks/results.py,$(wildcard benchmarks/*.py))
bench: setup ## run the benchmarks behind the measured claims
	@set -e; for script in $(BENCHMARKS); do \
		echo "== $$script"; $(BIN)/python "$$script"; \
	done

DATA ?= ../shared/data
results: setup ## measure what docs/results.md lacks, on full MNIST (DATA=folder), and write it anew
	@OMP_NUM_THREADS=1 COURSE_DATA="$(DATA)" $(BIN)/python benchmarks/results.py

figures: setup ## every figure of the labs on contact sheets, for looking at (out/figures)
	@$(BIN)/python -m course_admin.authoring.figure_sheets

clean: ## remove generated working files; never submissions, gradebooks or .venv
	rm -rf out build .pytest_cache .ruff_cache .hypothesis .jupyter_cache *.egg-info
	find . -path ./.venv -prune -o -path ./submitted -prune -o \
		\( -name __pycache__ -o -name .ipynb_checkpoints \) -type d -print0 | xargs -0 rm -rf
