# Everything a developer types. `make demo` and `make test` do all their own set-up.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
TRIXIE := .venv-trixie
BIN := $(VENV)/bin
ARGS ?=
.DEFAULT_GOAL := help
.PHONY: help demo test test-trixie check format bench coverage pure nightly clean system conformance

help:
	@echo "make demo        a whole call on this machine (ARGS=\"--for 20 --json\" runs it unattended)"
	@echo "make test        the test suite on the newest library versions"
	@echo "make test-trixie the test suite on the device's library versions"
	@echo "make check       format, lint, types, import contracts"
	@echo "make bench       the printed tables of speed, latency and memory"
	@echo "make coverage    branch coverage of the whole package and of the pure cores"
	@echo "make conformance ORIGINALS=DIR   the originals themselves, where they were fetched"
	@echo "make nightly     what takes too long for every change"

# A stamp per dependency set: made anew when the pins or the metadata change.
$(VENV)/.ready: constraints/latest.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "kiosk needs Python 3.11 or newer: apt-get install python3" >&2; exit 69; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "Python's venv is missing: apt-get install python3-venv" >&2; exit 69; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints/latest.txt -e '.[server,aec,dev,check]' >&2
	@touch $@

$(TRIXIE)/.ready: constraints/trixie.txt pyproject.toml
	@$(PYTHON) -m venv $(TRIXIE)
	@$(TRIXIE)/bin/pip install --quiet --disable-pip-version-check -c constraints/trixie.txt -e '.[server,aec,dev]' >&2
	@touch $@

# The strangers the tests talk to.
system:
	@missing=""; \
	command -v ffmpeg >/dev/null || missing="$$missing ffmpeg"; \
	command -v nginx >/dev/null || missing="$$missing nginx"; \
	[ -e /usr/lib/nginx/modules/ngx_rtmp_module.so ] || missing="$$missing libnginx-mod-rtmp"; \
	command -v redis-server >/dev/null || missing="$$missing redis-server"; \
	command -v curl >/dev/null || missing="$$missing curl"; \
	command -v openssl >/dev/null || missing="$$missing openssl"; \
	$(PYTHON) -c 'import ctypes; ctypes.CDLL("libspeexdsp.so.1")' 2>/dev/null || missing="$$missing libspeexdsp1"; \
	command -v ip >/dev/null || missing="$$missing iproute2"; \
	if [ -n "$$missing" ]; then echo "missing for the tests: apt-get install$$missing" >&2; exit 69; fi

demo: $(VENV)/.ready
	@$(BIN)/kiosk demo $(ARGS)

# Three workers on two cores: the tests with processes mostly wait.
test: system $(VENV)/.ready
	@$(BIN)/python -m pytest -q -n 3 --dist worksteal $(ARGS)

test-trixie: system $(TRIXIE)/.ready
	@$(TRIXIE)/bin/python -m pytest -q -n 3 --dist worksteal $(ARGS)

check: $(VENV)/.ready
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/pyright --warnings
	@$(BIN)/lint-imports

format: $(VENV)/.ready
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

# The pure cores at 100 % branch coverage by plain tests (no random data), then the whole package.
pure: $(VENV)/.ready
	@rm -f .coverage .coverage.*
	@$(BIN)/coverage run --source=kiosk/call,kiosk/room,kiosk/rtmp -m pytest -q -m "not hypothesis" tests/call tests/room tests/rtmp tests/wire
	@$(BIN)/coverage combine -q
	@$(BIN)/coverage report --show-missing --skip-covered --fail-under=100

coverage: system $(VENV)/.ready pure
	@rm -f .coverage .coverage.*
	@$(BIN)/coverage run --rcfile=tests/coverage-processes.ini -m pytest -q -n 3 --dist worksteal
	@$(BIN)/coverage combine -q
	@$(BIN)/coverage report --skip-covered --fail-under=90

# The original servers and clients, unmodified, wherever below ORIGINALS they lie.
conformance: $(VENV)/.ready
	@[ -d "$(ORIGINALS)" ] || { echo "say where the originals are: make conformance ORIGINALS=DIR" >&2; exit 64; }
	@ORIGINALS="$(ORIGINALS)" $(BIN)/python -m pytest -q tests/conformance $(ARGS)

bench: system $(VENV)/.ready
	@$(BIN)/python -m tests.bench $(ARGS)

nightly: check coverage
	@HYPOTHESIS_PROFILE=ci $(BIN)/python -m pytest -q -m hypothesis
	@$(BIN)/python -m tests.bench --full

clean:
	rm -rf $(VENV) $(TRIXIE) .mypy_cache .ruff_cache .pytest_cache .hypothesis demo-out bench-out
