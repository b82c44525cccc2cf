# The commands of this project; `make help` lists them.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup demo down test test-long check bench

MEMBERS ?= 100000
DETACH ?=
# A uv that is already there is used; else one is put under .bin from the package index.
UV := $(or $(shell command -v uv 2>/dev/null),.bin/uv/bin/uv)
RUN := $(UV) run --no-sync

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 12

setup: .venv/.synced ## install uv when it is missing, and every dependency from the lock file

.bin/uv/bin/uv:
	python3 -m venv .bin/uv
	.bin/uv/bin/pip install --quiet --disable-pip-version-check uv==0.13.9

.venv/.synced: uv.lock $(filter .bin/%,$(UV))
	$(UV) sync --locked --all-packages --all-extras
	@touch $@

demo: setup ## the main job on MEMBERS people (100000); DETACH=1 leaves everything running
	$(RUN) huzhu demo --members $(MEMBERS) $(if $(DETACH),--detach)

down: setup ## stop what `make demo DETACH=1` or `huzhu up --detach` left running
	$(RUN) huzhu down

check: setup ## format, lint, types, import rules
	$(RUN) ruff format --check .
	$(RUN) ruff check .
	$(RUN) mypy
	$(RUN) lint-imports

test: check ## every check and every test, a file's tests in one process
	$(RUN) pytest -n auto --maxprocesses 4 --dist loadfile

test-long: check ## the same tests with larger bounds
	HUZHU_ROAD_EVENTS=5000 HUZHU_HTTP_EXAMPLES=50 HUZHU_MACHINE_EXAMPLES=60 $(RUN) pytest -m "long or not long"

bench: setup ## measure the log side by side with its peers
	$(RUN) python -m bench
