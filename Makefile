# hub: "make help" lists the targets.
#
# HUB_HOME, PORT and the rest of the environment go to the programs as they are.

GO ?= go
FUZZTIME ?= 10s
BENCHTIME ?= 1s
KILLS ?= 1000
SEED ?= 0
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.9.0

# A test that forgets to set its own must not find the user's.
TEST_ENV := env -u HUB_HOME -u PORT -u NODE_ENV

.DEFAULT_GOAL := help
.PHONY: help build install uninstall dist up down test test-unit chaos bench fuzz lint vuln docs check-tools

help: ## list the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Without -buildvcs=false a clone that belongs to another user does not build.
build: ## build all programs, static, and their man pages, into bin/
	@scripts/check-tools.sh go
	CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -o bin/ ./cmd/... ./apps/...
	@rm -rf bin/man
	@$(GO) run ./scripts/manpages bin/man

install: ## install below PREFIX (/usr/local), in DESTDIR if that is set
	@scripts/install.sh

uninstall: ## remove what install has put there
	@scripts/uninstall.sh

dist: ## make tarballs, Debian packages and their checksums in dist/
	@scripts/check-tools.sh go git
	@GO=$(GO) scripts/dist.sh

up: build ## build, start the daemon and ecosystem.yaml, show table and health
	@scripts/up.sh

down: ## end all apps and the daemon
	@scripts/down.sh

test: ## run every test with the race detector
	@scripts/check-tools.sh go gcc
	$(TEST_ENV) CGO_ENABLED=1 $(GO) test -race -timeout 10m ./...

test-unit: ## run the unit tests of the WhatsApp QR authorization alone
	@scripts/check-tools.sh go
	$(TEST_ENV) $(GO) test -count=1 -v ./apps/central-hub/internal/whatsappqr

chaos: ## kill daemon and keeper KILLS (1000) times, as SEED (by chance) says
	@scripts/check-tools.sh go
	$(TEST_ENV) $(GO) test -count=1 -timeout 120m -v ./tests/chaos -args -long -keep -kills $(KILLS) -seed $(SEED)

bench: ## run the benchmarks, each for BENCHTIME (1s)
	@scripts/check-tools.sh go
	$(TEST_ENV) $(GO) test -run '^$$' -bench . -benchmem -benchtime $(BENCHTIME) ./...

fuzz: ## run each fuzz target for FUZZTIME (10s)
	@scripts/check-tools.sh go
	@$(TEST_ENV) GO=$(GO) scripts/fuzz.sh $(FUZZTIME)

lint: ## gofmt, vet and staticcheck
	@scripts/check-tools.sh go
	@out=$$($$($(GO) env GOROOT)/bin/gofmt -l .) && if [ -n "$$out" ]; then echo "gofmt: run gofmt -w on:" $$out; exit 1; fi
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...

vuln: ## look up known vulnerabilities of what is linked
	@scripts/check-tools.sh go
	$(GO) run $(GOVULNCHECK) ./...

docs: ## write the references in docs/ anew
	@scripts/check-tools.sh go
	$(GO) test ./tests/docs -update
	$(GO) test ./pkg/supervise -run TestEveryCell -update

check-tools: ## name the tools that are missing
	@scripts/check-tools.sh go git make curl gcc
