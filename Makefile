# Every check that CI runs is a target here, and CI (.ci/run) calls nothing else.

GO ?= go

# Tools are run at a pinned version and stay out of go.mod, so that no module
# that requires this one inherits them.
STATICCHECK  = $(GO) run honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOLANGCI     = $(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOVULNCHECK  = $(GO) run golang.org/x/vuln/cmd/govulncheck@v1.9.0

# The root module is checked as those who require it will see it: without the
# workspace, whose go.work unifies versions. `make workspace` is the other view.
export GOWORK = off

# How long one fuzz target runs.
FUZZTIME ?= 10s
# How many points crash has; with 27000 it has every point of its scenarios on
# memory and on a key-value storage, with 1000000 every point of all rules, too.
POINTS ?= 20000
# How many rounds of kill9 and nodes.
ROUNDS ?= 300
# How long pause stops an engine.
PAUSE ?= 1m
# Which benchmarks run, and how often.
BENCH ?= .
COUNT ?= 6

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## compile everything
	$(GO) build ./...

.PHONY: test
test: ## run the tests
	$(GO) test ./...

.PHONY: race
race: ## run the tests in random order under the race detector
	$(GO) test -race -shuffle=on -timeout 15m ./...

.PHONY: flakes
flakes: ## run the concurrent packages twenty times under the race detector
	$(GO) test -race -shuffle=on -count=20 -timeout 60m ./escalation/engine/... ./escalation/store/... ./notify/...

.PHONY: lint
lint: fmt vet staticcheck golangci ## all static checks

.PHONY: fmt
fmt: ## fail on files that gofmt would change
	@files=$$(gofmt -l .); [ -z "$$files" ] || { printf 'not formatted, run gofmt -w:\n%s\n' "$$files"; exit 1; }

.PHONY: format
format: ## rewrite files in the form that lint asks for
	$(GOLANGCI) fmt ./...

.PHONY: vet
vet: ## go vet
	$(GO) vet ./...

.PHONY: staticcheck
staticcheck: ## staticcheck, bare, so that no configuration hides its findings
	$(STATICCHECK) ./...

.PHONY: golangci
golangci: ## the linters of .golangci.yml
	$(GOLANGCI) run ./...

.PHONY: vuln
vuln: ## known vulnerabilities in what this module requires
	$(GOVULNCHECK) ./...

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (10s)
	FUZZTIME=$(FUZZTIME) .ci/fuzz

.PHONY: bench
bench: ## run the benchmarks that match BENCH, COUNT times
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem -count $(COUNT) ./...

.PHONY: bench-peers
bench-peers: ## measure beside peers, COUNT times, and put the table into docs/benchmarks.md
	cd benchmarks && $(GO) test -run '^$$' -bench . -skip '^BenchmarkDurable' -count $(COUNT) -timeout 3h . > peers.out || { tail -n 20 peers.out; exit 1; }
	cd benchmarks && $(GO) run ./cmd/table -in ../docs/benchmarks.md < peers.out

.PHONY: bench-durable
bench-durable: ## measure what is written to a disk or to PostgreSQL (BELFRY_PG), three times, and put the table into docs/benchmarks.md
	cd benchmarks && $(GO) test -run '^$$' -bench '^BenchmarkDurable(Commit|Trigger|Batch)' -count 3 -timeout 3h . > durable.out || { tail -n 20 durable.out; exit 1; }
	cd benchmarks && $(GO) test -run '^$$' -bench '^BenchmarkDurable(Due|Outage|Lateness)' -benchtime 1x -count 3 -timeout 3h . >> durable.out || { tail -n 20 durable.out; exit 1; }
	cd benchmarks && $(GO) run ./cmd/table -durable -in ../docs/benchmarks.md < durable.out

.PHONY: cover
cover: ## statement coverage of every package by the tests of all
	$(GO) test -coverpkg=./... -coverprofile=cover.out ./...
	$(GO) tool cover -html=cover.out -o cover.html
	$(GO) tool cover -func=cover.out | tail -n 1

.PHONY: golden
golden: ## write golden files and transcripts anew; read the diff before committing
	.ci/golden

.PHONY: tidy
tidy: ## tidy go.mod and go.sum of every module
	.ci/each-module $(GO) mod tidy

.PHONY: verify
verify: ## go.mod and go.sum are tidy, what was downloaded is what go.sum says
	$(GO) mod tidy -diff
	$(GO) mod verify

.PHONY: modules
modules: ## vet, test under the race detector and verify each nested module on its own
	.ci/each-module --nested $(GO) vet ./...
	.ci/each-module --nested $(GO) test -race -shuffle=on ./...
	.ci/each-module --nested $(GO) mod tidy -diff

.PHONY: crash
crash: ## crash an engine at POINTS operations of its store, in memory, on a key-value storage and on SQLite
	BELFRY_CRASH=$(POINTS) $(GO) test -count=1 -timeout 10h -run '^Test(Crash|SeededBugs)$$' -v ./escalation/escalationtest/crashtest ./escalation/store/kvstore
	cd escalation/store/sqlitestore && BELFRY_CRASH=$(POINTS) $(GO) test -count=1 -timeout 10h -run '^TestCrash$$' -v .

.PHONY: kill9
kill9: ## kill -9 a process on SQLite in mid-ladder, ROUNDS times, and look for pages that are missing and acknowledgements that are forgotten
	cd examples/durable && BELFRY_ROUNDS=$(ROUNDS) $(GO) test -count=1 -timeout 10h -parallel 4 -run '^TestKill9$$' -v .

.PHONY: nodes
nodes: ## kill and pause engines that share one PostgreSQL, ROUNDS times, and check what clients saw for linearizability
	cd test/nodes && BELFRY_ROUNDS=$(ROUNDS) $(GO) test -count=1 -timeout 10h -run '^Test(Nodes|SeededBugs)$$' -v .

.PHONY: pause
pause: ## stop one of two engines for PAUSE (1m), acknowledge on the other, let the first go on
	cd test/nodes && BELFRY_PAUSE=$(PAUSE) $(GO) test -count=1 -timeout 1h -run '^TestPausedNode$$' -v .

.PHONY: workspace
workspace: ## test all modules of go.work together
	@if [ -f go.work ]; then set -x; GOWORK= $(GO) test work; fi

.PHONY: policies
policies: ## lint the policies of the examples and run their test files
	.ci/policies

.PHONY: ci
ci: ## everything, as CI runs it
	.ci/run
