# Everything builds and checks itself: nothing has to be installed first but Python, make and git.
.DEFAULT_GOAL := help
.PHONY: help demo test bench fixtures clean
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory

RUN := .venv/bin/python
EXTRAS := test

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-10s%s\n", $$1, $$2 }'

demo: ## play a recorded drive: speech in, spoken answers and a (dry-run) call out
	@scripts/environment.sh
	@$(RUN) -m assistant demo

test: ## ruff, mypy and every test this machine can run
	@scripts/system-packages.sh || true
	@scripts/environment.sh $(EXTRAS)
	@$(RUN) -m ruff check
	@$(RUN) -m ruff format --check
	@$(RUN) -m mypy --strict assistant
	@$(RUN) -m pytest $(PYTEST)

bench: ## print speed and accuracy tables
	@scripts/environment.sh $(EXTRAS)
	@$(RUN) -m tests.bench

fixtures: ## render missing recordings of audio_fixtures/ again (espeak-ng and flite)
	@scripts/environment.sh $(EXTRAS)
	@$(RUN) audio_fixtures/generate.py

clean: ## remove the environment and everything generated
	rm -rf .venv out dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
