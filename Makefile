# `make run` and `make test` are all a newcomer needs; `make help` lists the rest.
SHELL := /bin/bash
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := storage jobs accounts catalogue firmware docs_store provision support portal simulator wsgi.py
export FLATPRO_DATA_DIR ?= var
# Much of the suite waits, for phones that are silent on purpose above all: more than the cores.
WORKERS ?= 3

.PHONY: help run test coverage check bench prove prove-smoke browser-tests format translations lock wheel parts clean

help: ## This list.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

run: $(VENV)/run.stamp ## Install, load the demo on the first start, and serve until stopped.
	@FLATPRO_LOG_FILE="$${FLATPRO_LOG_FILE-$(FLATPRO_DATA_DIR)/flatpro.log}" exec $(BIN)/flatpro serve

test: $(VENV)/dev.stamp parts ## The whole suite on SQLite and PostgreSQL, with browser and snmpd.
	$(BIN)/python -m pytest -n $(WORKERS) $(PYTEST_ARGS)

coverage: $(VENV)/dev.stamp parts ## The same, measured: branch coverage under 95 % fails; half as long again.
	$(BIN)/python -m pytest -n $(WORKERS) --cov --cov-report=term --cov-fail-under=95 $(PYTEST_ARGS)

check: $(VENV)/dev.stamp ## Format, lint, types, arrows, templates, spelling, supply chain.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/djlint --lint --quiet $(filter-out %.py,$(SOURCES))
	$(BIN)/codespell
	@bash tests/supply_chain.sh $(BIN) $(SOURCES)

bench: $(VENV)/dev.stamp parts ## Figures against their peers, in one run.
	$(BIN)/python -m bench

# One promise is told on the terminal; PAGE=docs/proofs.md joins it with what ran of the same source.
PAGE ?= $(if $(ID),-,docs/proofs.md)

prove: $(VENV)/dev.stamp parts ## Every promise at full length into docs/proofs.md; one with ID=R1.
	$(call prove,prove or not prove)

prove-smoke: $(VENV)/dev.stamp parts ## The same with short runs.
	$(call prove,not prove)

define prove
	@tests=$$($(BIN)/python -m tests.proof_register $(ID)) && \
	  $(BIN)/python -m pytest -m "$(1)" --proofs $(PAGE) $(PYTEST_ARGS) $$tests
endef

format: $(VENV)/dev.stamp ## Format the code.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

translations: $(VENV)/dev.stamp ## Extract the texts of every package and compile its Russian.
	$(BIN)/python -m portal.translating

lock: ## Lock the dependencies with hashes and without any index address.
	uv pip compile pyproject.toml --group build --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header -o requirements.txt
	uv pip compile pyproject.toml --extra scale --group build --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header -o requirements-scale.txt
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
	  --generate-hashes --no-emit-index-url --no-header -o requirements-dev.txt

wheel: $(VENV)/dev.stamp ## A wheel, the same each time, and the list of its parts (CycloneDX), in dist/.
	SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) $(BIN)/python -m hatchling build -t wheel -d dist
	$(BIN)/cyclonedx-py requirements requirements.txt --output-reproducible -o dist/flatpro.cdx.json

parts: ## The Debian packages of the real parts: installed when that is allowed, else named.
	@bash tests/parts.sh

clean: ## Remove the virtual environment and the demo's data.
	rm -rf $(VENV) var

# uv is quick where it has a wheel; pip does the same everywhere else.
define install
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "A Python with venv is needed (Debian: apt install python3-venv)." >&2; exit 1; }
	@if $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.txt 2>/dev/null; \
	  then $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r $(1); \
	  else $(BIN)/python -m pip install --quiet --require-hashes -r $(1); fi
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
endef

$(VENV)/run.stamp: requirements.txt pyproject.toml
	@echo "Installing (once) ..."
	$(call install,requirements.txt)
	@touch $@

$(VENV)/dev.stamp: requirements-dev.txt pyproject.toml
	@echo "Installing the test parts (once) ..."
	$(call install,requirements-dev.txt)
	@touch $@ $(VENV)/run.stamp
