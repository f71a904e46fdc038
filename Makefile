.DEFAULT_GOAL := help
.PHONY: help run stop status demo lint test bench idle audit-bench realtime fanout search-bench cache-bench crash-test model simulate fault property autobahn schemathesis fuzz

# Recipes `exec` their script, so that Ctrl-C and SIGTERM reach it and nothing between swallows its exit code.

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

run: ## set up private stores, build, serve on 127.0.0.1:PORT, or on 8080
	@exec scripts/run.sh

stop: ## end the private stores
	@exec scripts/stores.sh stop .local

status: ## show the private stores
	@exec scripts/stores.sh status .local

demo: ## replay a real conversation through the running server and check every delivery
	@exec scripts/demo.sh

lint: ## what needs no build: the format, the scripts, the compose file
	@exec scripts/lint.sh

test: ## every check and test, on stores of their own
	@exec scripts/test.sh

bench: ## durable sends a second through the server beside the same statements with no server
	@exec scripts/bench.sh compare $(ARGS)

idle: ## memory of an idle socket, on a server started for it
	@exec scripts/bench.sh idle $(ARGS)

audit-bench: ## how fast `duologue audit` compares 200,000 messages
	@exec scripts/bench.sh audit $(ARGS)

realtime: ## delivery to 10,000 sockets, and 5,000 of them coming back at once
	@exec scripts/bench.sh realtime $(ARGS)

search-bench: ## searches a second over a million messages
	@exec scripts/bench.sh search $(ARGS)

fanout: ## events of one chat to 500 sockets, beside a bare loop of send()
	@exec scripts/bench.sh fanout $(ARGS)

cache-bench: ## reads with the cache and without it, side by side; ARGS="--writes 20" for a chat that moves
	@exec scripts/bench.sh cache $(ARGS)

crash-test: ## kill -9 under load, restart, and look for every acknowledged message
	@exec scripts/crash-check.sh

model: ## verify the protocol's models and see every knock-out refuted: up to 10 minutes, 6 GB
	@exec scripts/model.sh full

fault: ## N rounds (12) of faults under load, on a deployment of its own; SEED= and KIND= replay one
	@N=$(N) SEED=$(SEED) KIND=$(KIND) exec scripts/fault.sh

property: ## N random schedules (1000) of cuts, writes and kills; then every client equals a fetch; SEED= replays one
	@N=$(N) SEED=$(SEED) exec scripts/property.sh

simulate: ## run the write protocol on N seeds of simulated faults: a million, 15 minutes on two cores
	@exec scripts/simulate.sh $(or $(N),1000000) $(ARGS)

schemathesis: ## N requests (1000) made up from /openapi.json: none may fail or be answered otherwise than declared
	@exec scripts/schemathesis.sh $(or $(N),1000)

autobahn: ## the Autobahn WebSocket suite, all 517 cases, against an echo server on our code; needs root
	@exec scripts/autobahn.sh

fuzz: ## libFuzzer with the address sanitizer on TARGET (all), SECONDS (60) each; KEEP=1 adds to the corpora
	@TARGET="$(TARGET)" SECONDS_EACH=$(or $(SECONDS),60) KEEP=$(KEEP) exec scripts/fuzz.sh
