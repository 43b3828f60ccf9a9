# Everything is done from here: `make run` to try the system, `make test` to check a change.
# PYTHON may name any Python 3.11 or newer, for example: make run PYTHON=python3.12

PYTHON ?= python3
VENV_PYTHON := .venv/bin/python
FLASK := SELF_INSPECTION_DEMO=1 $(VENV_PYTHON) -m flask --app wsgi

# The lock files name versions and hashes only: no index, no file address, no command line.
# `make lock` keeps the versions that still fit; `make lock UPGRADE=--upgrade` takes the newest ones.
UPGRADE ?=
COMPILE := $(VENV_PYTHON) -m uv pip compile pyproject.toml --quiet --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url $(UPGRADE)

.DEFAULT_GOAL := help
.PHONY: help run test lint bench lock clean python-version runtime-environment dev-environment

help:  ## say what there is
	@sed -n 's/^\([a-z]*\):.*  ## \(.*\)/make \1\t\2/p' Makefile | expand -t 14

run: runtime-environment  ## prepare everything and serve the demonstration city on this machine
	@$(FLASK) database upgrade
	@$(FLASK) demo load --if-empty
	@exec env $(FLASK) serve

test: dev-environment  ## all checks and all tests, on SQLite and PostgreSQL
	@$(VENV_PYTHON) -m tests.harness.steps test

lint: dev-environment  ## the checks without the tests
	@$(VENV_PYTHON) -m tests.harness.steps lint

bench: dev-environment  ## measure on SQLite and PostgreSQL; nothing passes or fails by time
	@$(VENV_PYTHON) -m tests.harness.postgres -- $(VENV_PYTHON) -m pytest tests/benchmarks -s

lock: python-version  ## write both lock files anew from pyproject.toml
	@$(PYTHON) -m tests.harness.bootstrap venv
	@$(VENV_PYTHON) -m pip install --quiet --disable-pip-version-check uv
	@# The larger set first: resolved apart, the two sets may disagree.
	$(COMPILE) --extra dev --output-file requirements-dev.txt
	$(COMPILE) --constraint requirements-dev.txt --output-file requirements.txt

clean:  ## remove what make created, the virtual environment too; instance/ stays
	rm -rf .venv .cache
	find app migrations tests -type d -name __pycache__ -prune -exec rm -rf {} +

python-version:
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is needed, \
	this is " + sys.version.split()[0] + ". Name another one: make PYTHON=/path/to/python3.11 ...")'

runtime-environment: python-version
	@$(PYTHON) -m tests.harness.bootstrap runtime

dev-environment: python-version
	@$(PYTHON) -m tests.harness.bootstrap dev
