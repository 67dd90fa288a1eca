.DEFAULT_GOAL := help
.PHONY: help test race lint fuzz bench e2e browser generate demo ci

help: ## show this
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

test: ## run the tests of the root module; needs nothing but Go
	go test ./...

race: ## run the same tests with the race detector
	go test -race ./...

lint: ## run golangci-lint v2, with the floors in depguard
	golangci-lint run ./...

fuzz: ## run each fuzz target for a minute
	.ci/fuzz 60s

bench: ## compare with the peers, side by side in one run; writes docs/benchmarks.md
	cd bench && go run . -page ../docs/benchmarks.md

e2e: ## build real receivers and send spans to them
	e2e/run.sh

browser: ## test the trace page in Chromium; SHOTS names a folder for screenshots
	cd e2e && go test -count=1 ./browser

generate: ## generate the key table from the struct tags
	go generate ./...

demo: ## run the quickstart's demonstration
	go run ./examples/quickstart --demo

ci: ## run everything that CI runs
	CI=true .ci/run
