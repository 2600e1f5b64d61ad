# make demo   sets up .venv (once) and shows what Hill and SPLC gain over BCE, on embedded images
# make test   sets up .venv (once) and runs the tests
# make lint   style and types (make types: types alone); make format corrects the style
# make docs   builds the documentation into build/docs
# make clean  removes .venv and build leftovers
#
# PYTHON=python3.12 make ...   chooses the interpreter; EXTRA=onedl the maintained forks of the stack

EXTRA ?= openmmlab
VENV := .venv$(if $(filter-out openmmlab,$(EXTRA)),-$(EXTRA))
BIN := $(VENV)/bin
READY := $(VENV)/ready
FIT := import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.10; do \
	$$p -c '$(FIT)' >/dev/null 2>&1 && echo $$p && break; done)

.PHONY: demo test lint types format docs clean

demo: $(READY)
	@echo 'using the environment in $(VENV)'
	$(BIN)/python tools/demo.py

test: $(READY)
	@echo 'using the environment in $(VENV)'
	$(BIN)/python -m pytest

lint: types
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(READY)
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff check --fix . && $(BIN)/ruff format .

docs: $(READY)
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going --fresh-env docs build/docs
	@echo 'the documentation: build/docs/index.html'

clean:
	rm -rf .venv .venv-onedl build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache

$(READY): setup.py pyproject.toml
	@test -n '$(PYTHON)' || { \
		echo 'found no Python 3.10 to 3.13 that has venv; name one: PYTHON=... make'; exit 1; }
	@echo 'setting up $(VENV) with $(PYTHON), once; PyTorch makes it a download of several GB'
	'$(PYTHON)' -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --editable '.[$(EXTRA),dev]'
	@touch $(READY)
