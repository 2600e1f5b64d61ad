# make demo       what Hill and SPLC gain over BCE, on embedded images
# make demo-audit the review of missing labels from end to end, on embedded images
# make test       the tests that matter, within twenty minutes on two cores
# make test-slow  all other tests: more kills, larger images, installations
# make lint       style and types (make types: types alone); make format corrects the style
# make docs       the documentation, in build/docs
# make clean      removes what these made
#
# Each sets up .venv first, once. PYTHON=python3.12 make ... chooses the interpreter, EXTRA=onedl the
# maintained forks of the stack, JOBS=4 the number of tests that run side by side.

EXTRA ?= openmmlab
JOBS ?= 2
VENV := .venv$(if $(filter-out openmmlab,$(EXTRA)),-$(EXTRA))
BIN := $(VENV)/bin
READY := $(VENV)/ready
PYTEST = OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) --dist worksteal
FIT := import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 14))
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python3.10; do \
	$$p -c '$(FIT)' >/dev/null 2>&1 && echo $$p && break; done)

.PHONY: demo demo-audit test test-slow lint types format docs clean

demo: $(READY)
	@echo 'using the environment in $(VENV)'
	$(BIN)/python tools/demo.py

demo-audit: $(READY)
	@echo 'using the environment in $(VENV)'
	$(BIN)/python tools/demo_audit.py

test: $(READY)
	@echo 'using the environment in $(VENV)'
	$(PYTEST) -m 'not slow'

test-slow: $(READY)
	@echo 'using the environment in $(VENV)'
	$(PYTEST) -m slow

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
		echo 'found no Python 3.10 to 3.14 that has venv; name one: PYTHON=... make'; exit 1; }
	@echo 'setting up $(VENV) with $(PYTHON), once; PyTorch makes it a download of several GB'
	'$(PYTHON)' -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --editable '.[$(EXTRA),dev]'
	@touch $(READY)
