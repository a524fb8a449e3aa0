# Few targets; `make help` explains them.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help build test demo autopilot lab bench screen trial live pb1 lint web-check vuln fuzz clean

# The newest staticcheck that builds everywhere: 0.8.2 wants a version of a
# module that public proxies do not serve. 0.7.0 is release 2026.1 and knows Go 1.26.
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.7.0
GOVULNCHECK := golang.org/x/vuln/cmd/govulncheck@v1.1.4
FUZZTIME    ?= 20s

# Packages whose tests measure sound or time, or drive a browser.
MEASURED := /cmd/|/sip|/media$$|/media/browser|/media/device|/media/record|/campaign/line|/campaign/desk|/configs/lab

help: ## say what can be made
	@sed -n 's/^\([a-z0-9-]*\):.*## /  make \1\t/p' Makefile | expand -t 16

build: ## bin/freiton
	go build -trimpath -o bin/freiton ./cmd/freiton

test: ## everything CI runs: formatting, vet, staticcheck, all tests with the race detector
	configs/lab/install.sh >/dev/null
	$(MAKE) --no-print-directory lint
	go test -race -timeout 20m $(shell go list ./... | grep -Ev '$(MEASURED)')
	go test -race -p 1 -timeout 20m $(shell go list ./... | grep -E '$(MEASURED)') # one at a time: sound and timers are measured

demo: build ## the desktop on the practice exchange, no PBX needed: open the link of the last line; Ctrl-C ends it
	@bin/freiton demo

autopilot: build ## the same without a person: scripted agents work the sample list (under 2 min)
	bin/freiton demo --autopilot --exit-when-done

lab: ## start Asterisk with an extension for every fate; prints how to call it; Ctrl-C ends it
	go run ./configs/lab/run

bench: ## sizes and percentiles, without the race detector
	go test -run '^$$' -bench . -benchmem -timeout 30m ./...

screen: ## event to screen in a real browser with 50 desktops, p99 under 100 ms (20 s; on a machine with nothing else to do)
	SCREEN=full go test -count=1 -timeout 5m -run '^TestEventToScreen$$' -v ./cmd/freiton

trial: ## two processes on one PostgreSQL, 5,000 calls; the server stops, a process is killed (about 15 min)
	TRIAL=full go test -count=1 -timeout 45m -run '^TestTrial$$' -v ./cmd/freiton

live: ## the pacer on the practice exchange, 20 agents, ten times faster than life, beside the simulation (3 min)
	LIVE=full go test -count=1 -timeout 10m -run '^TestLivePacing$$' -v ./cmd/freiton

pb1: build ## the pacing benchmark: every set with 5 to 100 agents, 24 shifts each (about 10 min)
	bin/freiton simulate --world all --agents 5,10,20,50,100 --shifts 24 --seed 1 --check

lint: ## gofmt, go vet, staticcheck
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "gofmt -w is needed for: $$unformatted" >&2; exit 1; }
	go vet ./...
	go run $(STATICCHECK) ./...
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory web-check; else echo 'no npm here: the page was not checked' >&2; fi

web-check: ## the types of the desktop's page, by TypeScript (needs node and npm)
	@tools=$$(campaign/desk/testdata/web-tools.sh) && "$$tools/node_modules/.bin/tsc" -p campaign/desk/testdata/tsconfig.json

vuln: ## known weaknesses in what we import (asks a database on the network)
	go run $(GOVULNCHECK) ./...

fuzz: ## every fuzz target in turn, FUZZTIME=20s each
	@go list ./... | while read -r pkg; do \
		for target in $$(go test -list '^Fuzz' "$$pkg" | sed -n '/^Fuzz/p'); do \
			echo "$$pkg $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 2s "$$pkg" </dev/null || exit 1; \
		done; \
	done

clean: ## remove what was built (not the laboratory's cache)
	rm -rf bin
	go clean -testcache
