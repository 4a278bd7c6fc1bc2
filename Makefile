# Everything runs in .venv, with the versions in constraints.txt; nothing outside of this folder is changed.
#
#   make demo    train on scikit-learn's digits from examples/digits/train.yaml; ARGS="--set optimizer.type=SGD"
#   make test    the whole test suite; first the core's tests on each Python in CORE_PYTHONS, without torch
#   make lint · make types · make wheels · make bench · make clean
#
# PYTHON is the interpreter that .venv is made with: make demo PYTHON=python3.12

PYTHON ?= python3
ARGS ?=
PYTEST_ARGS ?=
CORE_PYTHONS ?= 3.11 3.12 3.13
BENCHMARKS ?= cold_start build discovery

MANIFESTS := pyproject.toml constraints.txt core/pyproject.toml $(wildcard plugins/*/pyproject.toml)
EDITABLE := $(foreach manifest,$(filter %/pyproject.toml,$(MANIFESTS)),--editable ./$(patsubst %/,%,$(dir $(manifest))))
SOURCES := core/src $(wildcard plugins/*/src)

# A stamp in the environment says that this was installed, and is older than a manifest that changed since. The one for
# the interpreter has its name, so that another PYTHON makes a new environment.
MADE := .venv/.made-with-$(subst /,-,$(PYTHON))
PY := .venv/bin/python
BENCH := .venvs/bench/bin/python
INSTALL := -m pip --disable-pip-version-check --quiet install --no-warn-script-location --constraint constraints.txt

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Recipes print and use all cores; in parallel their output would mix. `make -j` is safe, and no faster.
.NOTPARALLEL:
.PHONY: help demo test test-all lint types wheels bench clean $(CORE_PYTHONS:%=test-core-%)

help:
	@sed -n 's/^#   *make/make/p' Makefile

demo: .venv/.demo
	@$(PY) examples/digits/train.py $(ARGS)

# All of them run, also where one fails.
test:
	@$(MAKE) --keep-going --no-print-directory $(CORE_PYTHONS:%=test-core-%) test-all

test-all: .venv/.dev
	$(PY) -m pytest -n 2 --dist loadgroup $(PYTEST_ARGS)

$(CORE_PYTHONS:%=test-core-%): test-core-%:
	@python="$$(sh .ci/find-python $*)"; \
	if [ -z "$$python" ]; then echo "Python $* is not on this machine: the core's tests on it are skipped"; \
	else $(MAKE) --no-print-directory .venvs/$*/.core CORE_PYTHON="$$python" && \
	echo "The core's tests without torch, on Python $*:" && .venvs/$*/bin/python -m pytest -n 2 tests/core; fi

lint: .venv/.dev
	$(PY) -m ruff check
	$(PY) -m ruff format --check

types: .venv/.dev
	$(PY) -m mypy $(SOURCES) examples benchmarks tests/typing

wheels: .venv/.dev
	rm -rf dist
	for project in $(patsubst %/src,%,$(SOURCES)); do \
	$(PY) -m build --no-isolation --outdir dist "$$project" || exit 1; done

bench: .venvs/bench/.ready
	@mkdir -p out
	@printf '# Results\n\nWhat `make bench` printed on %s.\n' "$$(date +%Y-%m-%d)" > out/RESULTS.md
	@for benchmark in $(BENCHMARKS); do \
	echo "benchmarks/$$benchmark.py ..."; \
	$(BENCH) benchmarks/$$benchmark.py > "out/$$benchmark.md" || exit 1; \
	{ echo; cat "out/$$benchmark.md"; } | tee -a out/RESULTS.md; done
	@cp out/RESULTS.md benchmarks/RESULTS.md

clean:
	rm -rf .venv .venvs dist out .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(MADE):
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	echo "optim-core needs Python 3.11 or newer as $(PYTHON): make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@echo "Making .venv (once) ..."
	@"$(PYTHON)" -m venv --clear .venv
	@$(PY) $(INSTALL) pip
	@$(PY) $(INSTALL) --group build
	@touch "$@"

.venv/.demo: $(MADE) $(MANIFESTS)
	@echo "Installing the workspace and torch into .venv (once; minutes, by what the network gives) ..."
	@$(PY) $(INSTALL) --no-build-isolation $(EDITABLE) --group demo
# pip compiles what it copies; editable sources would be compiled again by every process that may not write bytecode.
	@$(PY) -m compileall -q $(SOURCES)
	@touch "$@"

.venv/.dev: .venv/.demo
	@echo "Installing the tools of development into .venv (once) ..."
	@$(PY) $(INSTALL) --group dev
	@touch "$@"

.venvs/%/.core: pyproject.toml constraints.txt core/pyproject.toml
	@echo "Making .venvs/$*, without torch (once) ..."
	@"$(CORE_PYTHON)" -m venv --clear .venvs/$*
	@.venvs/$*/bin/python $(INSTALL) pip
	@.venvs/$*/bin/python $(INSTALL) --group build --group test-core
	@.venvs/$*/bin/python $(INSTALL) --no-build-isolation --editable ./core
	@touch "$@"

.venvs/bench/.ready: $(MADE) $(MANIFESTS)
	@echo "Making .venvs/bench, with the peers (once) ..."
	@"$(PYTHON)" -m venv --clear .venvs/bench
	@$(BENCH) $(INSTALL) pip
	@$(BENCH) $(INSTALL) --group build --group bench
	@$(BENCH) $(INSTALL) --no-build-isolation $(EDITABLE)
	@touch "$@"
