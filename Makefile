# Copyright: (c) 2026, BlueGreen Orchestrator team
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Everything made here lands in .venv and build/. Downloads are cached where pip always caches them.

.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory

# ansible refuses to start without a UTF-8 locale, and C.UTF-8 is the one that every Debian and Ubuntu has.
export LC_ALL := C.UTF-8
export PYTHONPATH := $(CURDIR)/build/collections:$(CURDIR)

PYTHON_HERE := .venv/bin/python
# Both antsibull tools start ansible-doc by its name.
IN_VENV := PATH="$(CURDIR)/.venv/bin:$$PATH"
LINK := build/collections/ansible_collections/bluegreen/orchestrator
DEMO := .venv/stamps/demo
TEST := .venv/stamps/test
IMPORTER := build/venvs/importer/stamp
NEWEST := build/venvs/newest/stamp

.PHONY: help setup demo demo-stop lab-up lab-down test lint sanity unit integration chatwoot-conformance molecule package bench docs changelog clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(TEST) $(LINK) ## prepare .venv for working here (Python 3.11 or newer; no root, no Docker)
	@echo "Ready. Try: make demo, make test."

demo: $(DEMO) $(LINK) ## a switch and a rollback on a real Traefik on this machine (KEEP=1 leaves it up)
	@$(PYTHON_HERE) -m lab.demo

demo-stop: ## end what KEEP=1 left up
	@$(PYTHON_HERE) -m lab.world stop

lab-up: $(DEMO) ## a real Kubernetes API on this machine, with fake nodes (built at first use: eight minutes)
	@$(PYTHON_HERE) -m lab.kubernetes start

lab-down: ## end it
	@$(PYTHON_HERE) -m lab.kubernetes stop

test: $(TEST) $(LINK) $(NEWEST) $(IMPORTER) ## every check there is (LAB_REQUIRE=all: a skip is a failure)
	@$(PYTHON_HERE) -m tests.run

lint: $(TEST) $(LINK) ## its parts: style, types, docs and changelog fragments
	@$(PYTHON_HERE) -m tests.run lint

sanity: $(TEST) $(LINK) $(NEWEST) ##   ansible-test sanity on the oldest and the newest ansible-core
	@$(PYTHON_HERE) -m tests.run sanity

unit: $(TEST) $(LINK) $(NEWEST) ##   unit tests on the oldest and the newest ansible-core
	@$(PYTHON_HERE) -m tests.run unit

integration: $(TEST) $(LINK) $(NEWEST) ##   against real servers on loopback, under load
	@$(PYTHON_HERE) -m tests.run integration

chatwoot-conformance: $(TEST) $(LINK) ## what the stand-in for Chatwoot was asked, asked of a real one (CHATWOOT_URL, CHATWOOT_PLATFORM_TOKEN_FILE)
	@$(PYTHON_HERE) -m tests.chatwoot_conformance

molecule: $(TEST) $(LINK) ##   every role on a real Docker engine: check, converge, idempotence, verify, check
	@$(PYTHON_HERE) -m tests.run molecule

package: $(TEST) $(LINK) $(IMPORTER) ##   build, Galaxy's importer, install into an empty folder, run by FQCN
	@$(PYTHON_HERE) -m tests.run package

bench: $(TEST) $(LINK) ## the switch under load, beside its peers; what a run of an offer and a fleet of tenants cost
	@$(PYTHON_HERE) -m tests.bench
	@$(PYTHON_HERE) -m tests.bench.offers
	@$(PYTHON_HERE) -m tests.bench.tenants
	@$(PYTHON_HERE) -m tests.bench.apis

docs: $(TEST) $(LINK) ## the reference of every plugin and role, in build/docs; the tables in docs/reference
	@$(PYTHON_HERE) -m tests.tools.variables
	@$(PYTHON_HERE) -m tests.tools.tiers
	@$(PYTHON_HERE) -m tests.tools.plans
	@mkdir -p build/docs
	@$(IN_VENV) HOME=$(CURDIR)/build antsibull-docs collection --use-current --output-format simplified-rst --squash-hierarchy --dest-dir build/docs bluegreen.orchestrator
	@echo "The reference is in build/docs."

changelog: $(TEST) ## turn changelogs/fragments into CHANGELOG.md and .rst, under the version of galaxy.yml
	@$(IN_VENV) antsibull-changelog release --update-existing --reload-plugins

clean: ## remove what was made here: .venv, build/ and caches
	rm -rf .venv .ansible build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Tests and playbooks import the tree under its collection name, as an operator's installation has it.
$(LINK):
	@mkdir -p $(@D)
	@ln -sfn ../../../.. $@

$(DEMO): requirements/run.txt requirements/demo.txt
	@tools/setup.sh demo

$(TEST): $(DEMO) requirements/test.txt requirements/unit.txt requirements/lint.txt
	@tools/setup.sh test

$(IMPORTER): requirements/importer.txt | $(DEMO)
	@tools/setup.sh importer

$(NEWEST): requirements/newest.txt requirements/unit.txt | $(DEMO)
	@tools/setup.sh newest
