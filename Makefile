# Needs nothing but a Python 3.10 to 3.13: everything else is installed into .venv.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: help demo test check docs gpu clean

help: ## what there is
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 16

demo: $(BIN)/mnv3 ## environment, install, train a detector on the built-in data set and score it
	$(BIN)/mnv3 train task=ssdlite backbone=small

test: $(VENV)/dev ## environment, install, tests
	$(BIN)/python -m pytest -q -n auto

check: $(VENV)/dev ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python

docs: $(VENV)/dev ## the documentation as a site, in site/; a broken link is an error
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

gpu: $(VENV)/dev ## on a machine with a GPU: its tests, and the times of docs/speed.md for it, in runs/bench
	$(BIN)/python -m pytest -q tests/gpu
	for task in ssdlite lraspp; do \
		for what in network training; do \
			$(BIN)/mnv3 bench task=$$task bench.what=$$what bench.accelerator=gpu bench.rounds=3 || exit 1; \
		done; \
	done

clean: ## remove the environment
	rm -rf $(VENV)

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(BIN)/mnv3: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/dev: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev]"
	@touch $@
