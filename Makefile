# The front door. Each target sets up what it needs by itself. `make help` lists them.
MAKEFLAGS += --no-print-directory
PYTHON := /usr/bin/python3
RUN_TESTS := $(PYTHON) scripts/run_tests

SEEDS ?= 100000

.PHONY: help bootstrap dev release failpoints simulation build image check tidy test simulate crash soak cluster demo bench fmt clean
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 10

bootstrap:
	@scripts/bootstrap

dev: bootstrap
	@cmake --preset dev >build/.dev.log 2>&1 || { cat build/.dev.log; exit 1; }
	@cmake --build --preset dev

release: bootstrap
	@cmake --preset release >build/.release.log 2>&1 || { cat build/.release.log; exit 1; }
	@cmake --build --preset release --target ramet

failpoints: bootstrap
	@cmake --preset failpoints >build/.failpoints.log 2>&1 || { cat build/.failpoints.log; exit 1; }
	@cmake --build --preset failpoints --target ramet

simulation: release
	@cmake --build --preset release --target ramet_simulation

dev release failpoints: | build/
build/:
	@mkdir -p build

build: release ## the release binary: build/release/ramet

image: release ## its container image: build/ramet-image.tar, for the chart in deploy/chart
	@scripts/image

check: dev ## the editor's loop: unit tests, layers, format of what changed
	@$(RUN_TESTS) build/dev -L unit
	@scripts/check_layers.py
	@scripts/check_format --all

tidy: dev ## clang-tidy over the product's sources; what was clean is not read again
	@scripts/check_tidy.py

test: dev release failpoints simulation ## everything that can run on this machine
	@$(RUN_TESTS) build/dev

simulate: simulation ## the engine in a seeded world, SEEDS=100000 of them, with what they have to reach
	@build/release/tests/simulation/ramet_simulation --bars $(SEEDS)

crash: dev release failpoints ## of the tests, kill -9 of the server at every moment and place
	@$(RUN_TESTS) build/dev -R crash

SOAK := cd tests/crash && RAMET_BINARY=$(CURDIR)/build/failpoints/ramet $(PYTHON) -m pytest -q -s -p no:cacheprovider
soak: dev release failpoints simulation ## the long forms, for a night: a million lives of the engine; 2,000 pairs of crashes, 1,000 closings, each place of a sweep, each call that can fail
	@build/release/tests/simulation/ramet_simulation --bars 1000000
	@$(SOAK) test_places.py -k pairs --pairs 2000
	@$(SOAK) test_closings.py --closings 1000
	@$(SOAK) test_sweep.py test_faults.py --sweeps 0 --faults 0

cluster: bootstrap ## a real Kubernetes node to play with, until Ctrl-C; minutes when its programs are not built yet
	@$(PYTHON) tests/cluster/cluster.py serve

demo: release ## a pull request becomes a running copy, with times; TARGET=kubernetes on a cluster; DEMO_EXIT=1 ends it
	@scripts/demo$(if $(filter kubernetes,$(TARGET)),_on_cluster)

bench: release ## the table of speeds, also in bench/results.json
	@scripts/bench

fmt: bootstrap ## rewrites the sources in the house's format
	@scripts/check_format --fix

clean: ## removes what was built
	@rm -rf build
