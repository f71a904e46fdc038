.DEFAULT_GOAL := help
.PHONY: help run stop status demo test

# Recipes `exec` their script, so that Ctrl-C and SIGTERM reach it and nothing between swallows its exit code.

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

run: ## set up private stores, build, serve on 127.0.0.1:PORT, or on 8080
	@exec scripts/run.sh

stop: ## end the private stores
	@exec scripts/stores.sh stop .local

status: ## show the private stores
	@exec scripts/stores.sh status .local

demo: ## replay a real conversation through the running server and check every delivery
	@exec scripts/demo.sh

test: ## every check and test, on stores of their own
	@exec scripts/test.sh
