# routelab: `make arena` runs the main job, `make test` the tests. Both set up what they need first.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python -m
STAMP := $(VENV)/.installed

.PHONY: setup arena collect test test-slow check bench docs record clean

setup: $(STAMP)                ## create .venv and install the pinned development set-up (idempotent)

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install -q --disable-pip-version-check -c constraints.txt 'pip>=25.1'
	$(VENV)/bin/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '.[atlas,dense,plot,postgres,serve]' --group dev
	touch $(STAMP)

arena: setup                   ## the main job: judge the headline routers on the embedded default, write results/
	$(VENV)/bin/routelab arena --output results
	$(VENV)/bin/routelab arena --pool default --seeds 2 --output results

collect: setup                 ## ask a sample of the embedded default again with local models and report agreement
	$(VENV)/bin/python -m pip install -q -c constraints.txt -e '.[local]'
	$(VENV)/bin/routelab rerecord --items 40

test: setup                    ## the test suite
	$(RUN) pytest -n 2 --doctest-modules src tests

test-slow: setup               ## coverage study and other minutes-long tests
	$(RUN) pytest -m slow tests

check: setup                   ## format, lint, types, import arrows, generated docs
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/python docs/build.py --check

bench: setup                   ## timings with machine, versions, seed and spread
	for file in benchmarks/bench_*.py; do $(VENV)/bin/python $$file; done

docs: arena                    ## regenerate the generated parts of docs/ and the README's board and picture
	$(VENV)/bin/python docs/build.py
	$(VENV)/bin/python docs/board.py results

record: setup                  ## record the embedded tables anew with small local models (about four CPU-hours)
	$(VENV)/bin/python -m pip install -q -c constraints.txt -e '.[local]'
	$(VENV)/bin/python benchmarks/record_default.py results/recording
	$(VENV)/bin/python benchmarks/record_default.py results/recording --publish results/tables

clean:                         ## remove what the other targets made
	rm -rf $(VENV) results build dist src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
