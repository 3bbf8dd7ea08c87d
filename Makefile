PYTHON ?= python3
BIN := .venv/bin
STYLUA := $(firstword $(wildcard .tools/node_modules/.bin/stylua) stylua)
TESTS ?=

.DEFAULT_GOAL := help
.PHONY: help install tools check format-check lint types layers test format bench clean

help: ## show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

install: .venv/installed ## make .venv with everything that development needs
.venv/installed: pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@

tools: ## install luacheck, StyLua and a redis-server that is not running
	.ci/lua-tools

check: format-check lint types layers ## everything but the tests

format-check: install ## is every file formatted?
	$(BIN)/ruff format --check .
	$(STYLUA) --check --config-path lua/.stylua.toml lua

lint: install ## ruff and luacheck
	$(BIN)/ruff check .
	luacheck --quiet --config lua/.luacheckrc lua

types: install ## mypy, strict
	$(BIN)/mypy

layers: install ## who may import whom
	$(BIN)/lint-imports

test: install ## all tests on the embedded Valkey; TESTS="tests/tour -k lease" for some
	$(BIN)/pytest $(TESTS)

format: install ## format every file and apply the safe fixes
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .
	$(STYLUA) --config-path lua/.stylua.toml lua

bench: install ## every figure, beside the peers, into benchmarks/report; some hours
	$(BIN)/pip install --quiet --editable '.[bench]'
	$(BIN)/python -m benchmarks install report

clean: ## remove what these targets made
	rm -rf .venv .tools build dist .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
