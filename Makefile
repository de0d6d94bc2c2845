# Every target works from a fresh clone: it first makes the environments it needs, and is quick the second time.
PYTHON ?= python3
BIN := $(CURDIR)/.venv/bin
export PATH := $(BIN):$(CURDIR)/node_modules/.bin:$(PATH)

SETUP := .venv/.ready
LOCAL_AWS := .venv-local-aws/.ready
CLI := node_modules/.ready
FLOOR := .venv-floor/.ready
WITNESSES := .witnesses/.ready

.PHONY: setup synth demo live test test-busy corpus witnesses check bench picture clean help

help: ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(SETUP) $(CLI) $(LOCAL_AWS) ## make the virtual environments and install the CDK CLI

$(SETUP): setup.py
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@

# npm is the one from the virtual environment's Node 24.
$(CLI): package.json package-lock.json | $(SETUP)
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# The local AWS pins its own botocore, so it lives in an environment of its own.
$(LOCAL_AWS): local_aws/requirements.txt
	$(PYTHON) -m venv .venv-local-aws
	.venv-local-aws/bin/pip install --quiet --requirement $<
	@touch $@

# The oldest releases that setup.py allows, to run the construct tests on them as well.
FLOOR_RELEASES := $(shell sed -nE 's/^ +"(aws-cdk-lib|constructs|jsii)>=([0-9.]+),.*/\1==\2/p' setup.py)
$(FLOOR): setup.py
	$(PYTHON) -m venv .venv-floor
	.venv-floor/bin/pip install --quiet $(FLOOR_RELEASES) pytest
	@touch $@

# What others made, for the tests alone: RFC 7208's suite is only in pyspf's source distribution.
$(WITNESSES): tests/witnesses/package.json tests/witnesses/package-lock.json | $(SETUP)
	$(BIN)/pip download --quiet --no-deps --no-binary pyspf --dest .witnesses pyspf==2.0.14
	npm ci --prefix tests/witnesses --no-audit --no-fund --loglevel=error
	@touch $@

witnesses: $(WITNESSES) ## download the mail, the suites and the parsers of others that tests read

synth: $(SETUP) $(CLI) ## synthesize the sample app; needs no credentials
	cdk synth --no-notices

demo: setup ## deploy the sample app to a local AWS, read it back, destroy it
	python -m local_aws.demo

live: $(SETUP) $(CLI) ## try it on your AWS account and remove it again: DOMAIN=... HOSTED_ZONE_ID=... [REGION=...]
	python -m live --domain '$(DOMAIN)' --hosted-zone-id '$(HOSTED_ZONE_ID)' --region '$(REGION)'

check: $(SETUP) ## format, lint and types
	ruff format --check .
	ruff check .
	mypy

test: setup check $(FLOOR) $(WITNESSES) ## check, then every test, then the constructs on the oldest aws-cdk-lib
	pytest --numprocesses 4 --dist loadgroup
	.venv-floor/bin/pytest tests/constructs tests/test_logical_ids.py

# The busy processes look whether their shell is still there, and end with it, whatever ends it.
test-busy: setup $(WITNESSES) ## every test, with four processes beside it that keep the machine busy
	@for _ in 1 2 3 4; do (while kill -0 $$$$ 2>/dev/null; do :; done) & done; \
	pytest --numprocesses 4 --dist loadgroup

corpus: setup $(WITNESSES) ## all 6046 messages of real mail, of which make test takes 300
	CORPUS=all pytest --numprocesses 4 tests/witnesses

bench: setup ## measure constructs, functions and simulator, beside plain aws-cdk-lib and boto3
	python -m benchmarks
	python -m benchmarks monitoring
	python -m benchmarks.handlers
	python -m benchmarks.forwarder
	python -m benchmarks.simulator

picture: $(SETUP) ## draw docs/images/dashboard.png from the dashboard's own JSON
	python -m dashboard_picture

clean: ## remove what the other targets made
	rm -rf .venv .venv-local-aws .venv-floor .witnesses node_modules tests/witnesses/node_modules cdk.out
