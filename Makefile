# Everything runs in .venv and .venvs, with the versions in constraints.txt; nothing outside of this folder is changed.
#
#   make demo         train on scikit-learn's digits; ARGS is for the command: make demo ARGS="--max-steps 1200"
#   make test         all tests: test-core, then test-rest
#   make test-core    the core's tests without torch, on PYTHON and on each Python in CORE_PYTHONS that is here
#   make test-rest    in .venv, what test-core has not run on the same Python already
#   make test-all     the whole test suite in .venv; PYTEST_ARGS is for pytest
#   make test-quick   what a change of a few lines needs: a fast part, and the tests that mirror what differs from BASE
#   make fuzz         the search for configs, files, overrides and states that break it, TIMES=50 times as long as in make test
#   make test-torch   the suites of what stands on torch itself with another one, in .venvs/torch-VERSION: TORCH=2.9.1
#   make docs         every snippet and command of the documents
#   make site         the documents and the reference as a site, warnings as errors, in out/site
#   make gallery      docs/schedules.svg: every installed schedule in one picture
#   make list         docs/list.md: every optimizer, schedule and clipper
#   make lint · make types · make wheels · make bench · make clean
#
# PYTHON is the interpreter that .venv is made with, python3 at first: make demo PYTHON=python3.12

# Holds the PYTHON that .venv was made with, which stays the default; another one makes .venv anew.
MADE := .venv/.made-with
MADE_WITH := $(shell cat $(MADE) 2>/dev/null)
PYTHON ?= $(or $(MADE_WITH),python3)
ifneq "$(MADE_WITH)" "$(PYTHON)"
.PHONY: $(MADE)
endif

ARGS ?=
PYTEST_ARGS ?=
TIMES ?= 50
CORE_PYTHONS ?= 3.11 3.12 3.13
BASE ?=
TORCH ?=
OF_TORCH := $(addprefix tests/plugins/,torch_builtin muon schedules)
EVERY_BENCHMARK := cold_start build discovery faults hydra_groups schedules loop monitors params muon muon_processes muon_training
BENCHMARKS ?= $(EVERY_BENCHMARK)

MANIFESTS := pyproject.toml constraints.txt core/pyproject.toml $(wildcard plugins/*/pyproject.toml)
EDITABLE := $(foreach manifest,$(filter %/pyproject.toml,$(MANIFESTS)),--editable ./$(patsubst %/,%,$(dir $(manifest))))
EDITABLE_OF_TORCH := $(foreach project,core $(addprefix plugins/,torch_builtin muon schedules conformance pytorch_optimizer),--editable ./$(project))
DEMO := examples/training/digits
EDITOR := tests/integration/editor
SOURCES := core/src $(wildcard plugins/*/src)

# The core's tests that see nothing of what is installed: in .venv they find what they find without torch.
RUN_BY_TEST_CORE := $(addprefix --ignore=tests/core/,config discovery plugin_class probing text)

# A stamp in the environment says that this was installed, and is older than a manifest that changed since.
PY := .venv/bin/python
BENCH := .venvs/bench/bin/python
INSTALL_WITH := -m pip --disable-pip-version-check --quiet install --no-warn-script-location --constraint
INSTALL := $(INSTALL_WITH) constraints.txt

# Where the kernels of plugins/deepspeed_fused are kept: compiling them takes minutes.
export TORCH_EXTENSIONS_DIR ?= $(CURDIR)/.venv/torch_extensions

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Recipes print and use all cores; in parallel their output would mix. `make -j` is safe, and no faster.
.NOTPARALLEL:
.PHONY: help demo test core-environments test-core test-rest test-all test-quick test-torch fuzz docs site gallery list lint types wheels bench clean

help:
	@sed -n 's/^#   *make/make/p' Makefile

demo: .venv/.demo
	@cd $(DEMO) && $(CURDIR)/.venv/bin/optim train --config-file run.yaml --save-dir $(CURDIR)/out $(ARGS)
	@$(PY) examples/training/plot.py out/digits --columns train/loss val/accuracy --output out/digits.png
	@echo "next: make demo ARGS='--set training.optimizer.type=NAdam', or train a model of yours: docs/training.md"

# All of them run, also where one fails.
test:
	@$(MAKE) --keep-going --no-print-directory test-core test-rest

test-core:
	@MAKE="$(MAKE)" PYTHON="$(PYTHON)" sh .ci/test-core $(CORE_PYTHONS)

core-environments:
	@MAKE="$(MAKE)" PYTHON="$(PYTHON)" sh .ci/test-core --environments $(CORE_PYTHONS)

test-rest: .venv/.dev
	$(PY) -m pytest -n 2 --dist loadgroup $(RUN_BY_TEST_CORE) $(PYTEST_ARGS)

test-all: .venv/.dev
	$(PY) -m pytest -n 2 --dist loadgroup $(PYTEST_ARGS)

test-quick: .venv/.dev
	@$(PY) -m pytest -n 2 --dist loadgroup $$($(PY) .ci/quick_tests.py $(BASE)) $(PYTEST_ARGS)

# Not a part of `make test`: each torch takes gigabytes, most of them CUDA where the index has no other build.
test-torch: $(if $(TORCH),.venvs/torch-$(TORCH)/.ready)
	@test -n "$(TORCH)" || { echo "say which torch: make test-torch TORCH=2.9.1" >&2; exit 1; }
	.venvs/torch-$(TORCH)/bin/python -m pytest -n 2 --dist loadgroup $(OF_TORCH) $(PYTEST_ARGS)

fuzz: .venv/.dev
	GENERATED_TIMES=$(TIMES) $(PY) -m pytest -n 2 tests/generated tests/integration/test_spoiled_states.py $(PYTEST_ARGS)
	$(PY) tests/generated/fuzz_readers.py --seconds $(TIMES)

docs: .venv/.dev
	$(PY) -m pytest tests/integration/test_documents.py $(PYTEST_ARGS)

# MkDocs tells of its next version otherwise.
site: .venv/.dev
	NO_MKDOCS_2_WARNING=1 $(PY) -m mkdocs build --quiet
	@echo "out/site/index.html"

gallery: .venv/.dev
	$(PY) website/gallery.py

list: .venv/.dev
	$(PY) website/plugin_list.py

lint: .venv/.dev
	$(PY) -m ruff check
	$(PY) -m ruff format --check

types: .venv/.dev
	$(PY) -m mypy $(SOURCES) examples benchmarks website tests/typing

wheels: .venv/.dev
	rm -rf dist
	for project in $(patsubst %/src,%,$(SOURCES)); do \
	$(PY) -m build --no-isolation --outdir dist "$$project" || exit 1; done

# RESULTS.md holds the tables of one day and machine: a part of them does not replace it.
bench: .venvs/bench/.ready
	@mkdir -p out
	@for benchmark in $(BENCHMARKS); do \
	echo "benchmarks/$$benchmark.py ..."; \
	$(BENCH) benchmarks/$$benchmark.py > "out/$$benchmark.md" || exit 1; \
	echo; cat "out/$$benchmark.md"; done
ifeq "$(filter-out $(BENCHMARKS),$(EVERY_BENCHMARK))" ""
	@{ printf '# Results\n\nWhat `make bench` printed on %s.\n' "$$(date +%Y-%m-%d)"; \
	for benchmark in $(EVERY_BENCHMARK); do echo; cat "out/$$benchmark.md"; done; } > benchmarks/RESULTS.md
endif

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
	@echo "$(PYTHON)" > $@

.venv/.demo: $(MADE) $(MANIFESTS)
	@echo "Installing the workspace and torch into .venv (once; minutes, by what the network gives) ..."
	@$(PY) $(INSTALL) --no-build-isolation $(EDITABLE) --group demo
# pip compiles what it copies; editable sources would be compiled again by every process that may not write bytecode.
	@$(PY) -m compileall -q $(SOURCES)
	@touch "$@"

.venv/.dev: .venv/.demo $(EDITOR)/package-lock.json
	@echo "Installing the tools of development into .venv (once) ..."
	@$(PY) $(INSTALL) --group dev
# Where there is no npm, or no registry, the tests that talk to the language server are skipped.
	@mkdir -p .venv/editor && cp $(EDITOR)/*.json .venv/editor
	@npm ci --prefix .venv/editor --silent --no-audit --no-fund --ignore-scripts || \
	echo "without npm's yaml-language-server: tests/integration/test_editor.py is skipped"
	@touch "$@"

.venvs/%/.core: pyproject.toml constraints.txt core/pyproject.toml
	@echo "Making .venvs/$*, without torch (once) ..."
	@"$(CORE_PYTHON)" -m venv --clear .venvs/$*
	@.venvs/$*/bin/python $(INSTALL) pip
	@.venvs/$*/bin/python $(INSTALL) --group build --group test-core
	@.venvs/$*/bin/python $(INSTALL) --no-build-isolation --editable ./core
	@.venvs/$*/bin/python -m compileall -q core/src
	@touch "$@"

.venvs/torch-%/.ready: $(MADE) $(MANIFESTS)
	@echo "Making .venvs/torch-$*, with torch $* (once; minutes, by what the network gives) ..."
	@"$(PYTHON)" -m venv --clear .venvs/torch-$*
	@sed 's/^torch==.*/torch==$*/; /^triton==/d' constraints.txt > .venvs/torch-$*/constraints.txt
	@.venvs/torch-$*/bin/python $(INSTALL_WITH) .venvs/torch-$*/constraints.txt pip
	@.venvs/torch-$*/bin/python $(INSTALL_WITH) .venvs/torch-$*/constraints.txt --group build --group test-torch
	@.venvs/torch-$*/bin/python $(INSTALL_WITH) .venvs/torch-$*/constraints.txt --no-build-isolation $(EDITABLE_OF_TORCH)
	@touch "$@"

.venvs/bench/.ready: $(MADE) $(MANIFESTS)
	@echo "Making .venvs/bench, with the peers (once) ..."
	@"$(PYTHON)" -m venv --clear .venvs/bench
	@$(BENCH) $(INSTALL) pip
	@$(BENCH) $(INSTALL) --group build --group bench
	@$(BENCH) $(INSTALL) --no-deps gram-newton-schulz==0.1.6 # what it asks for is for CUDA
	@$(BENCH) $(INSTALL) --no-build-isolation $(EDITABLE)
	@touch "$@"
