# Everything a developer types. `make demo` and `make test` do all their own set-up.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
TRIXIE := .venv-trixie
BIN := $(VENV)/bin
# picamera2's encoder, for its tests. Without what it depends on, of which some needs a
# Raspberry Pi's headers, and never "kms", which is something else under that name.
ENCODER := picamera2 videodev2 simplejpeg piexif
ARGS ?=
.DEFAULT_GOAL := help
.PHONY: help reliability-report baselines network-matrix demo test test-trixie test-debian check format bench soak fuzz borders coverage pure nightly clean simulate mutation system conformance appliance-test service-test first-pictures goldens readme-pictures deb image-pkgs image-plan

help:
	@echo "make demo        a whole call on this machine (ARGS=\"--for 20 --json\" runs it unattended)"
	@echo "make test        the test suite on the newest library versions"
	@echo "make test-trixie the test suite on the device's library versions"
	@echo "make test-debian the tests of the parts on Debian trixie's own Python and packages (root)"
	@echo "make -j2 roots   what test-debian, service-test and appliance-test run in, made beforehand (root)"
	@echo "make check       format, lint, types, import contracts"
	@echo "make bench       the printed tables of speed, latency and memory"
	@echo "make fuzz        every parser and border, SECONDS=600 altogether; what is found is kept"
	@echo "make borders     bad TLS servers and secrets in any output, counted"
	@echo "make coverage    branch coverage of the whole package and of the pure cores"
	@echo "make soak        many real calls with random troubles: what the kiosk holds and grows by (CALLS=1000 SEED=1)"
	@echo "make authorisation   every route x role x one's own or another's name, and a million forged keys"
	@echo "make power-loss CUTS=300   every file we write, killed at each step and its power cut (root)"
	@echo "make chaos OPS=100000   the room server under clients at random and every fault, on each store"
	@echo "make service-test  the units and the failure ladder under a systemd of trixie, in a container"
	@echo "make appliance-test   the kiosk in a virtual machine, on the kernel's own drivers"
	@echo "make faults      every fault that needs no root, judged; the figures go to reliability.json"
	@echo "make faults-all  as root: also those of networks, of a systemd and of the appliance"
	@echo "make conformance ORIGINALS=DIR   the originals themselves, where they were fetched"
	@echo "make deb         the Debian package, judged by lintian, in deb-out/"
	@echo "make image-pkgs  what an image is made of beside Debian: ARCH=arm64 unless said"
	@echo "make image-plan IMAGE_GEN=DIR   what rpi-image-gen says to the layers and configurations"
	@echo "make first-pictures   draws anew what is shown before anything can be drawn"
	@echo "make goldens     draws the screens that the tests compare with anew"
	@echo "make network-matrix  how late pictures are over kinds of link (ARGS=--full: all 144)"
	@echo "make baselines   the tests that the security baselines cite"
	@echo "make reliability-report  what the runners of faults, fuzz, chaos ... found; renews README's part"
	@echo "make simulate HOURS=100   kiosk-hours in virtual time, every call with faults; CALLS=200000 writes reliability.json"
	@echo "make mutation SAMPLE=600 SEED=1   mistakes in the call's table and in the pure packages, and whether their tests notice"
	@echo "make nightly     what takes too long for every change"

# A stamp per dependency set: made anew when the pins or the metadata change.
$(VENV)/.ready: constraints/latest.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "kiosk needs Python 3.11 or newer: apt-get install python3" >&2; exit 69; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "Python's venv is missing: apt-get install python3-venv" >&2; exit 69; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints/latest.txt -e '.[server,aec,dev,check]' >&2
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints/latest.txt --no-deps $(ENCODER) >&2
	@touch $@

$(TRIXIE)/.ready: constraints/trixie.txt pyproject.toml
	@$(PYTHON) -m venv $(TRIXIE)
	@$(TRIXIE)/bin/pip install --quiet --disable-pip-version-check -c constraints/trixie.txt -e '.[server,aec,dev]' >&2
	@$(TRIXIE)/bin/pip install --quiet --disable-pip-version-check -c constraints/trixie.txt --no-deps $(ENCODER) >&2
	@touch $@

# A seed that failed is played again by: .venv/bin/python -m tests.simulation SEED
HOURS ?= 100
CALLS ?=
simulate: $(VENV)/.ready
	@$(BIN)/python -m tests.simulation --hours $(HOURS) $(if $(CALLS),--calls $(CALLS) --kept .simulated --write)

# SECOND is the seed of a sample that nobody wrote a test for; run anew, it goes on where it was.
SAMPLE ?= 600
SEED ?= 1
SECOND ?= 2
mutation: $(VENV)/.ready
	@$(BIN)/python -m tests.mutation --sample $(SAMPLE) --seed $(SEED) --second $(SECOND) --write

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
	$(PYTHON) -c 'import ctypes; ctypes.CDLL("libopus.so.0")' 2>/dev/null || missing="$$missing libopus0"; \
	command -v sslscan >/dev/null || missing="$$missing sslscan"; \
	command -v strace >/dev/null || missing="$$missing strace"; \
	[ -e /usr/sbin/mkfs.btrfs ] || missing="$$missing btrfs-progs"; \
	ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 || missing="$$missing libfaketime"; \
	command -v zstd >/dev/null || missing="$$missing zstd"; \
	command -v sfdisk >/dev/null || [ -e /usr/sbin/sfdisk ] || missing="$$missing fdisk"; \
	[ -e /usr/lib/grub/i386-pc/boot.img ] || missing="$$missing grub-pc-bin grub-common"; \
	command -v qemu-system-x86_64 >/dev/null || missing="$$missing qemu-system-x86"; \
	command -v ip >/dev/null || missing="$$missing iproute2"; \
	command -v chromium >/dev/null || missing="$$missing chromium"; \
	compgen -G "/usr/share/fonts/*/*/Inter-Medium.*" >/dev/null || missing="$$missing fonts-inter"; \
	compgen -G "/usr/share/fonts/*/*/NotoSansCJK-Regular.ttc" >/dev/null || missing="$$missing fonts-noto-cjk"; \
	command -v cc >/dev/null || missing="$$missing gcc libc6-dev"; \
	[ -e /usr/include/libdrm/drm.h ] || missing="$$missing libdrm-dev"; \
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
	@PYTHONPATH=image-build $(BIN)/python -m layers lint

format: $(VENV)/.ready
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

# Goes on where it was interrupted; soak-out/ has every call. ARGS=--anew forgets them.
soak: CALLS ?= 1000
soak: SEED ?= 1
soak: $(VENV)/.ready
	@$(BIN)/python -m tests.soak $(CALLS) --seed $(SEED) $(ARGS)

# The pure cores at 100 % branch coverage by plain tests (no random data), then the whole package.
pure: $(VENV)/.ready
	@rm -f .coverage .coverage.*
	@$(BIN)/coverage run --source=kiosk/call,kiosk/contacts,kiosk/ladder,kiosk/room,kiosk/rtmp,kiosk/signed -m pytest -q -m "not hypothesis" tests/call tests/contacts tests/ladder tests/room tests/rtmp tests/signed tests/wire
	@$(BIN)/coverage combine -q
	@$(BIN)/coverage report --show-missing --skip-covered --fail-under=100

coverage: system $(VENV)/.ready pure
	@rm -f .coverage .coverage.*
	@$(BIN)/coverage run --rcfile=tests/coverage-processes.ini -m pytest -q -n 3 --dist worksteal --left-open
	@$(BIN)/coverage combine -q
	@$(BIN)/coverage report --skip-covered --fail-under=90

# The original servers and clients, unmodified, wherever below ORIGINALS they lie.
conformance: $(VENV)/.ready
	@[ -d "$(ORIGINALS)" ] || { echo "say where the originals are: make conformance ORIGINALS=DIR" >&2; exit 64; }
	@ORIGINALS="$(ORIGINALS)" $(BIN)/python -m pytest -q tests/conformance $(ARGS)

# The package in a Debian's root, and the kiosk in a virtual machine (QEMU) on the kernel's real drivers: image-build/README.md.
# The units under trixie's own systemd: as root, in a container, a minute.
service-test: $(VENV)/.ready
	@command -v systemd-nspawn >/dev/null || { echo "missing for this: apt-get install systemd-container" >&2; exit 69; }
	@root=$$(PYTHONPATH=image-build $(BIN)/python -m tests.service.root) && \
	SERVICE_FIGURES=1 SERVICE_ROOT="$$root" $(BIN)/python -m pytest -q tests/service $(ARGS)

appliance-test: $(VENV)/.ready
	@disk=$$(PYTHONPATH=image-build $(BIN)/python -m appliance build) && \
	APPLIANCE_DISK="$$disk" $(BIN)/python -m pytest -q -o faulthandler_timeout=0 -o timeout=900 tests/package tests/appliance $(ARGS)

# What the tests of a machine run in, from nothing some ten minutes: `make -j2 roots` at once.
.PHONY: roots disk-made parts-root service-root
roots: disk-made parts-root service-root
disk-made: $(VENV)/.ready
	@PYTHONPATH=image-build $(BIN)/python -m appliance build >/dev/null
parts-root: $(VENV)/.ready
	@PYTHONPATH=image-build $(BIN)/python -m appliance parts --no-tests
service-root: $(VENV)/.ready
	@PYTHONPATH=image-build $(BIN)/python -m tests.service.root >/dev/null

# The parts on Debian trixie's own Python and packages, as a device has them.
test-debian: $(VENV)/.ready
	@PYTHONPATH=image-build $(BIN)/python -m appliance parts -- $(ARGS)

.PHONY: faults faults-all
# Every fault of the catalogue that processes alone can have: tests/faults/README.md.
faults: system $(VENV)/.ready
	@$(BIN)/python -m tests.faults --report $(ARGS)

# As root: two hosts, the units under a systemd of trixie, and the appliance.
faults-all: system $(VENV)/.ready
	@command -v nft >/dev/null && command -v ss >/dev/null || { echo "missing for this: apt-get install nftables iproute2" >&2; exit 69; }
	@root=$$(PYTHONPATH=image-build $(BIN)/python -m tests.service.root) && \
	disk=$$(PYTHONPATH=image-build $(BIN)/python -m appliance build) && \
	APPLIANCE=full SERVICE_ROOT="$$root" APPLIANCE_DISK="$$disk" $(BIN)/python -m tests.faults --all --report $(ARGS)

# What stands on the display before, and without, everything heavy; a test compares.
first-pictures: system $(VENV)/.ready
	@$(BIN)/python -m tests.repo.first_pictures

# Needs root where this machine is no Debian trixie: it is built in a trixie root.
deb:
	@LINTIAN=1 image-build/deb.sh deb-out

# For rpi-image-gen, by the names that the layers ask for: image-build/README.md.
image-pkgs: ARCH ?= arm64
image-pkgs: $(VENV)/.ready
	@rm -rf image-build/pkgs
	@image-build/deb.sh image-build/pkgs
	@image-build/wheels.sh image-build/pkgs $(ARCH) $(BIN)/python
	@cd image-build/pkgs && mv kiosk_*_all.deb kiosk.deb && mv kiosk-wheels_*.deb kiosk-wheels.deb
	@$(BIN)/python image-build/splash.py image-build/pkgs/splash.tga

# Lint and plan by rpi-image-gen itself, of which DIR is a checkout: image-build/README.md.
image-plan:
	@[ -x "$(IMAGE_GEN)/bin/ig" ] || { echo "say where rpi-image-gen is: make image-plan IMAGE_GEN=DIR" >&2; exit 64; }
	@$(PYTHON) -m venv .venv-image
	@.venv-image/bin/pip install --quiet --disable-pip-version-check -r image-build/plan.txt >&2
	@image-build/plan.sh "$(IMAGE_GEN)" .venv-image/bin/python

# The pages and completions that the package is built with; its own build does this.
manual: $(VENV)/.ready
	@PYTHONPATH=image-build $(BIN)/python -m manual manual-out && echo "man -l manual-out/kiosk.1"

# Every border, for so many seconds altogether: the corpora made worse, in children.
fuzz: SECONDS ?= 600
fuzz: $(VENV)/.ready
	@$(BIN)/python -m tests.fuzz $(SECONDS) $(ARGS)

# What the borders refuse, counted for reliability.json: bad TLS servers, secrets in any output.
borders: system $(VENV)/.ready
	@$(BIN)/python -m tests.borders

bench: system $(VENV)/.ready
	@$(BIN)/python -m tests.bench $(ARGS)

network-matrix: $(VENV)/.ready
	@$(BIN)/python -m tests.bench.matrix $(ARGS)

baselines: system $(VENV)/.ready
	@$(BIN)/python -m tests.reliability.baselines

reliability-report: $(VENV)/.ready
	@$(BIN)/python -m tests.reliability.report

.PHONY: authorisation
authorisation: $(VENV)/.ready
	@$(BIN)/python -m tests.roomserver.authorisation

.PHONY: power-loss
power-loss: system $(VENV)/.ready
	@$(BIN)/python -m tests.powerloss --cuts $(or $(CUTS),300) $(ARGS)

.PHONY: chaos
chaos: system $(VENV)/.ready
	@$(BIN)/python -m tests.chaos --ops $(or $(OPS),100000) $(ARGS)

nightly: check coverage
	@HYPOTHESIS_PROFILE=ci $(BIN)/python -m pytest -q -m hypothesis
	@MUTATIONS=all $(BIN)/python -m pytest -q tests/ui/test_goldens.py
	@$(MAKE) -s test-trixie
	@$(MAKE) -s service-test
	@APPLIANCE=full $(MAKE) -s appliance-test
	@$(MAKE) -s faults-all
	@$(MAKE) -s simulate
	@$(MAKE) -s mutation
	@$(MAKE) -s fuzz
	@$(MAKE) -s borders
	@$(MAKE) -s authorisation
	@$(MAKE) -s power-loss
	@$(MAKE) -s chaos
	@$(MAKE) -s network-matrix ARGS=--full
	@$(MAKE) -s baselines
	@$(BIN)/python -m tests.bench --full
	@$(MAKE) -s soak ARGS=--anew

# After a change of the screens that is meant: look at golden-out/, then commit.
goldens: $(VENV)/.ready
	@$(BIN)/python -m tests.ui.goldens
	@$(BIN)/python -c 'from tests.call.table_in_words import table_in_words; print(*table_in_words(), sep="\n")' > tests/call/agreed_table.txt
	@echo "look at golden-out/*.png"

readme-pictures: $(VENV)/.ready
	@$(BIN)/python -m tests.repo.readme_pictures

clean:
	rm -rf $(VENV) $(TRIXIE) .venv-image .mypy_cache .ruff_cache .pytest_cache .hypothesis demo-out bench-out golden-out deb-out manual-out
