# make up · make test · make check · make bench: each makes .venv and installs what it needs first.

PORT ?= 8000
PYTHON := .venv/bin/python
INSTALL := $(PYTHON) -m pip install -qq --disable-pip-version-check
FOR_RUNNING := .venv/.installed-for-running
FOR_TESTING := .venv/.installed-for-testing
NEEDS_PROCESSES := browser or processes or services

.PHONY: up test test-fast test-postgres test-processes test-js check bench docs

up: $(FOR_RUNNING)
	@exec $(PYTHON) manage.py up --port $(PORT)

test: test-js test-fast test-postgres test-processes

# What needs no other process runs on two cores; what starts its own has the machine to itself.
test-fast: $(FOR_TESTING)
	$(PYTHON) -m pytest -q -n 2 -m "not ($(NEEDS_PROCESSES))"

# The engine once more, on a PostgreSQL that lives as long as the tests do.
test-postgres: $(FOR_TESTING)
	$(PYTHON) -m tests.services $(PYTHON) -m pytest -q -n 2 -m "not ($(NEEDS_PROCESSES))" tests/jobs

test-processes: $(FOR_TESTING)
	$(PYTHON) -m pytest -q -m "$(NEEDS_PROCESSES)"

test-js:
	@if command -v node >/dev/null; then node --test $$(find tests/js -name '*.test.*js'); \
	elif [ "$$SHIPSPEAK_TESTS_REQUIRE" = all ]; then echo "Node is missing, and nothing may be skipped."; exit 1; \
	else echo "!!! SKIPPED: the tests of the JavaScript, because Node is missing !!!"; fi

check: $(FOR_TESTING)
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy .
	.venv/bin/lint-imports
	@$(PYTHON) -m tests.deployment_check
	@if command -v node >/dev/null; then find static/js tests/js -name '*.*js' | xargs -n 1 node --check; fi

bench: $(FOR_TESTING)
	$(PYTHON) -m tests.bench

docs: $(FOR_RUNNING)
	$(PYTHON) -m shipspeak.settings_page > docs/settings.md
	$(PYTHON) -m jobs.states_page docs/job-lifecycle.md
	$(PYTHON) -m jobs.errors_page > docs/errors.md

$(FOR_RUNNING): requirements.txt | $(PYTHON)
	@echo "Installing what ShipSpeak needs; this takes a minute or two, once."
	@$(INSTALL) -r requirements.txt
	@touch $@

$(FOR_TESTING): requirements-dev.txt $(FOR_RUNNING)
	@$(INSTALL) -r requirements-dev.txt
	@touch $@

$(PYTHON):
	@for python in python3.13 python3.12 python3.11 python3; do \
		if $$python -c 'import sys, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; \
		then exec $$python -m venv .venv; fi; \
	done; \
	echo "ShipSpeak needs Python 3.11, 3.12 or 3.13 with its venv module, and found none."; \
	echo "Install one (on Debian and Ubuntu: apt install python3-venv), then run make again."; \
	exit 1
