# prodgate: what a developer runs. "make" alone lists it.
# "make ci" is all that continuous integration runs and Go alone can do;
# .ci/run adds a real registry, the race detector and fuzzing.

OPA          := github.com/open-policy-agent/opa
OPA_VERSION  := $(shell go list -m -f '{{.Version}}' $(OPA))
OPA_OLDEST   := v1.0.1
GOLANGCI     := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
OPA_RUN      := go run $(OPA)@$(OPA_VERSION)
PACKS        := examples/pack
FUZZ_TIME    ?= 10s

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## build ./prodgate
	go build -o prodgate ./cmd/prodgate

.PHONY: test
test: ## run every Go test
	PRODGATE_TEST_TARGETS=1 go test -timeout 30m ./...

.PHONY: contracts
contracts: ## hold requests and test servers against published descriptions (a module of its own)
	cd internal/contracts && go vet ./... && go mod tidy -diff && go test ./...

.PHONY: workflow
workflow: ## lint the workflow that init writes, and run it and the action with act
	.ci/workflow

.PHONY: component
component: ## run the GitLab component with gitlab-ci-local
	.ci/gitlab-component

.PHONY: kubernetes
kubernetes: ## build a Kubernetes cluster, and read it (ten minutes and 4 GB of cache the first time)
	PRODGATE_TEST_KUBETEST="$$(.ci/kubetest)" go test -count=1 ./collectors/kubernetes

.PHONY: policy-test
policy-test: ## test policies and example pack with stock OPA, its newest and oldest version
	$(OPA_RUN) test policies/
	@OPA="$(OPA_RUN)" .ci/coverage policies/
	$(OPA_RUN) check --strict policies/
	@.ci/nothing "unformatted, run opa fmt -w:" $(OPA_RUN) fmt --list policies/
	go run $(OPA)@$(OPA_OLDEST) test policies/
	@for pack in $(PACKS); do $(MAKE) --no-print-directory pack-test PACK=$$pack || exit 1; done

.PHONY: pack-test
pack-test: ## test one policy pack with stock OPA: make pack-test PACK=examples/pack
	$(OPA_RUN) test policies/ $(PACK)
	@OPA="$(OPA_RUN)" .ci/coverage policies/ $(PACK)
	$(OPA_RUN) check --strict policies/ $(PACK)
	@.ci/nothing "unformatted, run opa fmt -w:" $(OPA_RUN) fmt --list $(PACK)
	go run $(OPA)@$(OPA_OLDEST) test policies/ $(PACK)

.PHONY: mutants
mutants: ## change each rule in each way, and check that a Rego test fails; many minutes
	go run ./internal/mutants

.PHONY: mutants-sample
mutants-sample: ## the same for a sample of 60
	go run ./internal/mutants -sample 60 -seed 1 -time 15m

.PHONY: tools
tools: ## build the tools that lint and policy-test run
	$(OPA_RUN) version
	go run $(OPA)@$(OPA_OLDEST) version
	go run $(GOLANGCI) version

.PHONY: lint
lint: ## vet, format and lint the Go code
	go vet ./...
	@.ci/nothing "unformatted, run gofmt -w:" gofmt -l .
	go mod tidy -diff
	go run $(GOLANGCI) run

.PHONY: docs
docs: ## write the generated files: input schema, catalogue of checks, map, sources, manual
	go test ./facts -run SchemaIsWhat -update
	go test ./internal/house -run 'Catalogue|Map' -update
	go test ./collectors -run Page -update
	go test ./cmd/prodgate -run Manual -update

.PHONY: zones
zones: ## update the time zone data from this Go
	go test ./internal/zone -run ThoseOfGo -count 1 -update

.PHONY: docs-current
docs-current: ## fail if a generated file is outdated
	go test ./facts ./internal/house ./collectors ./cmd/prodgate -run 'Schema|Catalogue|Map|Page|Manual'

.PHONY: fixtures
fixtures: ## write every story's document next to its story.yaml, to read and to try
	go test ./internal/fixture -run Inputs -count=1 -update

.PHONY: decisions
decisions: fixtures ## rewrite what the tests compare with; read the difference before you commit it
	go test ./facts ./internal/report -update
	go test ./evaluator -run Stories -update

.PHONY: race
race: ## run the tests under the race detector
	go test -race -short -timeout 30m ./...

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZ_TIME (10s)
	@.ci/fuzz $(FUZZ_TIME)

.PHONY: slow
slow: ## run the tests, and list the slowest
	@.ci/slow

.PHONY: proof
proof: ## mutate every fact of every story, every setting and every policy file, and check that none of it opens the gate; many minutes
	go test ./evaluator -count=1 -proof -timeout 60m
	go test ./cmd/prodgate -count=1 -run 'EveryStory' -proof -timeout 60m

.PHONY: proof-sample
proof-sample: ## the same for all allowed stories and a quarter of the rest, chosen by the hash of the commit
	go test ./evaluator -count=1 -proof -proof-seed "$(shell git rev-parse HEAD)" -timeout 60m -run "BrokenFact|MissingSetting|WithoutAPolicyFile"

.PHONY: faults
faults: ## kill processes, fill disks, and cut and change files below the trail; many minutes (PRODGATE_TEST_POSTGRES adds PostgreSQL)
	go test ./trail ./server -count=1 -run 'Fault|Seen' -faults -v -timeout 60m

.PHONY: interop
interop: ## run cosign ($COSIGN or on the PATH) against docker-registry, in both directions
	@.ci/interop

.PHONY: bench
bench: ## measure against opa eval and conftest, facts from GitHub, Graph and a cluster, one decision in process, the trail, replay and scans; minutes
	go run ./internal/bench/cold
	go run ./internal/bench/systems
	go run ./internal/bench/cluster
	go run ./internal/bench/warm
	go run ./internal/bench/trail -history 1000000 $(if $(PRODGATE_TEST_POSTGRES),-postgres "$(PRODGATE_TEST_POSTGRES)")
	go run ./internal/bench/replay
	go run ./internal/bench/scan
	go test ./internal/inflate ./signing/... ./scan/... -run '^$$' -bench .
	go test ./evaluator ./collectors/calendar/... -run '^$$' -bench 'When|Rule|Feed'

.PHONY: ci
ci: lint build test policy-test docs-current ## everything CI runs that needs only Go
