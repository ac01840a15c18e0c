# `make` lists what there is. Everything but `help` sets up what is missing first, below SSLKIT_HOME.

SSLKIT := kernel/sslkit.sh
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup setup-plan demo test lab doctor lint check notebooks bundle

help: ## list these
	@sed -n 's/^\([a-z-]*\):.*## /make \1|/p' Makefile | awk -F '|' '{ printf "%-16s%s\n", $$1, $$2 }'

setup: ## install what is missing
	@$(SSLKIT) setup

setup-plan: ## install what `sslkit plan` compiles with for GPUs that are not there, too
	@$(SSLKIT) setup --plan

demo: setup ## watch SimCLR learn in a notebook, and write the page to runs/demo
	@rm -rf runs/demo
	@$(SSLKIT) run notebooks/quickstart.ipynb --dir runs/demo --output runs/demo/quickstart.ipynb --html runs/demo/quickstart.html $(ARGS)

# What vet says, lint says. The longest come first, so that none is left alone at the end.
test: setup ## run all tests, the notebooks through the kernel too
	@$(SSLKIT) test -vet=off -timeout 30m $(or $(ARGS),./sslkit/method ./sslkit/train ./kernel/run ./...)

lab: setup ## open the notebooks in JupyterLab
	@$(SSLKIT) lab notebooks $(ARGS)

doctor: setup ## test the installation, and say how to mend what is wrong
	@$(SSLKIT) doctor $(ARGS)

lint: setup ## gofmt, vet, staticcheck, and notebooks that differ from their sources
	@files=$$($(SSLKIT) exec gofmt -l docker internal kernel notebooks sslkit) && if [ "$$files" ]; then echo "gofmt would change: $$files"; exit 1; fi
	@$(SSLKIT) exec sh -ec 'for module in . docker kernel/conformance/browser; do cd "$(CURDIR)/$$module"; \
		go vet ./...; go tool -modfile="$(CURDIR)/kernel/tools/checks/go.mod" staticcheck ./...; done'
	@$(SSLKIT) nb --check notebooks

check: lint ## lint and the short tests, which need no plugin
	@$(SSLKIT) test -short ./...

notebooks: setup ## write the notebooks anew from their Go sources
	@$(SSLKIT) nb notebooks

bundle: setup ## pack it for machines without network: make bundle ARGS="DIR --data cifar10 --plugin cuda"
	@$(SSLKIT) bundle $(ARGS)
