# The two commands of the README, and what builds on them.
#
#   make run     builds, then runs everything on this machine (no root, no Docker)
#   make test    installs what the tests need where it is missing, runs every test
#   make bench   measures against a bare axum and against what was asked, and prints tables
#   make image   builds the image of a tenant, offline, and loads it into Docker
#   make lint    formatting and lints

CARGO ?= cargo
ARGS ?=

.PHONY: run test bench image lint

run:
	$(CARGO) build --package polder-control-plane --package polder-tenant-runtime --package polder-coaching
	exec target/debug/polder dev $(ARGS)

test:
	tests/run $(ARGS)

bench:
	CARGO="$(CARGO)" tests/run --bench

image:
	CARGO="$(CARGO)" deploy/image/build $(ARGS)

lint:
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- --deny warnings
