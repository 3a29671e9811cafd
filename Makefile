# `make repro` and `make test` install all they need.
PYTHON ?= python3
VENV := $(CURDIR)/.venv
export PATH := $(VENV)/bin:$(PATH)
export MLFLOW_DISABLE_TELEMETRY := true
COMPILE := uv pip compile pyproject.toml --extra ray --group dev --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-emit-index-url --no-header --quiet

.PHONY: setup repro why test test-slow soak check verify bench backtest studies forecast latest revisions record ui promote serve lock clean

setup: .venv/ready  ## make .venv from requirements.lock

.venv/ready: requirements.lock
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 11) <= v <= (3, 13) or sys.exit( \
	"setup: found Python %d.%d; accepted: 3.11 to 3.13, as in make PYTHON=python3.12 setup" % v)'
	$(PYTHON) -m venv --clear .venv
	awk '/^[^ ]/ { wanted = /^uv==/ } wanted' requirements.lock > .venv/uv.lock
	if python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r .venv/uv.lock; then \
		uv pip sync --quiet --python .venv/bin/python --require-hashes --compile-bytecode requirements.lock; \
	else \
		python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock; \
	fi
	python -m compileall -q pipeline
	touch $@

repro: setup  ## say which stages would run and why, run them, then print the verdict
	@python -m pipeline repro
	@python -m pipeline

why: setup  ## which stages would run, and why
	@python -m pipeline why

test: setup  ## the tests that need no internet, browser or server
	python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not slow"

test-slow: setup  ## the other tests: browser, many seeds, an emulated processor, a server with a database
	@if command -v apt-get > /dev/null && \
		! { command -v chromium && command -v qemu-x86_64 && ls /usr/lib/postgresql/*/bin/initdb; } > /dev/null 2>&1; then \
		apt-get update -qq && apt-get install -y -qq chromium qemu-user postgresql; fi
	python -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "slow and not soak"

soak: setup  ## two hours: kills, faults, bad input, long tests, every key and file; docs/reliability.md, docs/reruns.md
	python -m studies.reliability
	python -m studies.reruns

check: setup  ## formatting, lint, types, import rules, lock
	ruff format --check .
	ruff check .
	mypy
	python -m pytest -q tests/test_architecture.py
	cp requirements.lock .venv/fresh.lock && $(COMPILE) -o .venv/fresh.lock && cmp requirements.lock .venv/fresh.lock

forecast: setup  ## the forecast of the next sessions, with their bands
	dvc repro
	@python -m pipeline forecast

verify: setup  ## run a commit again in a new folder, compare all outputs: make verify [REV=HEAD~1] [CPU=Haswell]
	@python -m pipeline verify $(if $(findstring command,$(origin REV)),--rev "$(REV)") $(if $(findstring command,$(origin CPU)),--cpu "$(CPU)")

bench: setup  ## measure the speed, docs/bench.md
	python -m studies.bench

backtest: setup  ## fit every model again each year and forecast the year, studies/backtest/reports
	cd studies/backtest && dvc repro
	@python -m rich.markdown studies/backtest/reports/backtest.md

studies: setup  ## make the other figures of the docs again
	python -m studies.choices
	python -m studies.results
	python -m studies.pooling
	python -m studies.markets

latest: setup  ## fetch Yahoo's prices up to the last finished session, then run what that changes
	python -m pipeline latest
	@python -m pipeline

revisions: setup  ## which prices Yahoo has revised since a commit: make revisions REV=HEAD~1
	@python -m pipeline revisions "$(REV)"

record: setup  ## what came of the forecasts whose reports/next.csv was committed, in reports/record.csv
	@python -m pipeline record

ui: setup  ## the MLflow page of all runs; it prints the address
	@python -m pipeline ui

promote: setup  ## make the model of the committed state the champion, or say why not; FORCE=1 if it is of another kind
	@python -m pipeline promote $(if $(FORCE),--force)

serve: setup  ## serve the champion on http://127.0.0.1:5001
	@python -m pipeline serve

lock: setup  ## requirements.lock and versions.json from pyproject.toml; UPGRADE=--upgrade for newer versions
	$(COMPILE) $(UPGRADE) -o requirements.lock
	sed -nE 's/^([a-z0-9.-]+)==([^ ]+).*/  "\1": "\2",/p' requirements.lock | sed '1s/^/{\n/; $$s/,$$/\n}/' > versions.json

clean:  ## remove .venv and outputs; DVC's cache and MLflow's runs stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis dvc_plots reports/*.html reports/scrape.json reports/vega.js
	find data -mindepth 1 -maxdepth 1 ! -name raw -exec rm -rf {} +
	find pipeline studies tests -name __pycache__ -prune -exec rm -rf {} +
