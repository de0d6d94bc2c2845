# Every target works from a fresh clone: it first makes the environments it needs, and is quick the second time.
PYTHON ?= python3
BIN := $(CURDIR)/.venv/bin
export PATH := $(BIN):$(CURDIR)/node_modules/.bin:$(PATH)

UV := .venv/.uv
DEMO := .venv/.demo
SETUP := .venv/.ready
LOCAL_AWS := .venv-local-aws/.ready
CLI := node_modules/.ready
FLOOR := .venv-floor/.ready
DOCS := .venv-docs/.ready
WITNESSES := .witnesses/.ready

.PHONY: setup synth demo live test test-pythons test-wheel test-busy corpus witnesses check bench picture build lock docs clean help

help: ## show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(SETUP) $(CLI) $(LOCAL_AWS) ## make the virtual environments and install the CDK CLI

# Install a lock into an environment. uv takes a tenth of pip's time; where it does not get through, pip does the same.
# Two distributions bring aws_cdk/cloud_assembly_schema. That of aws-cdk-lib has to be the last, which pip sees to.
define install
	@[ -x $(1)/bin/python ] || $(PYTHON) -m venv --without-pip $(1)
	@[ -x $(BIN)/uv ] && $(BIN)/uv pip install --python $(1) --require-hashes --requirements $(2) \
		&& $(BIN)/uv pip install --quiet --python $(1) --require-hashes --requirements $(2) --reinstall-package aws-cdk-lib \
		|| $(BIN)/pip --python $(1) install --no-compile --require-hashes --requirement $(2)
endef

$(UV): requirements/uv.txt
	@echo "Making .venv, for now with uv alone, which installs the rest"
	@$(PYTHON) -m venv .venv
	@$(BIN)/pip install --quiet --require-hashes --requirement $< || echo "uv is not to be had here: pip takes its place"
	@touch $@

$(DEMO): requirements/demo.txt $(UV)
	@echo "Installing what the demo needs: aws-cdk-lib, Node 24, boto3, aiosmtpd, rich (540 MB)"
	$(call install,.venv,$<)
	@touch $@

$(SETUP): requirements/dev.txt setup.py $(DEMO)
	@echo "Installing what development needs: pytest, ruff, mypy, cdk-nag, cfn-lint and others"
	$(call install,.venv,$<)
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# npm is the one from the virtual environment's Node 24.
$(CLI): package.json package-lock.json | $(DEMO)
	@echo "Installing the CDK CLI (30 MB)"
	@npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# The local AWS pins its own botocore, so it lives in an environment of its own.
$(LOCAL_AWS): requirements/local-aws.txt $(UV)
	@echo "Installing the local AWS: ministack (50 MB)"
	$(call install,.venv-local-aws,$<)
	@touch $@

# The oldest releases that setup.py allows, to run the construct tests on them as well.
$(FLOOR): requirements/floor.txt $(UV)
	$(call install,.venv-floor,$<)
	@touch $@

$(DOCS): requirements/docs.txt $(UV)
	$(call install,.venv-docs,$<)
	@touch $@

# What others made, for the tests alone: RFC 7208's suite is only in pyspf's source distribution.
$(WITNESSES): tests/witnesses/package.json tests/witnesses/package-lock.json | $(SETUP)
	$(BIN)/pip download --quiet --no-deps --no-binary pyspf --dest .witnesses pyspf==2.0.14
	npm ci --prefix tests/witnesses --no-audit --no-fund --loglevel=error
	@touch $@

witnesses: $(WITNESSES) ## download the mail, the suites and the parsers of others that tests read

# A release that is withdrawn or malicious is as a rule found out within its first week.
YOUNGEST ?= 7 days
LOCK := $(BIN)/uv pip compile --quiet $(UPGRADE) --exclude-newer '$(YOUNGEST)' --universal --python-version 3.11 \
	--generate-hashes --no-annotate --custom-compile-command 'make lock'
lock: $(UV) ## lock what setup.py asks for; UPGRADE=--upgrade takes newer releases, none younger than a week
	@for set in demo dev; do $(LOCK) setup.py --extra $$set --output-file requirements/$$set.txt || exit 1; done
	@for set in uv docs; do $(LOCK) requirements/$$set.in --output-file requirements/$$set.txt || exit 1; done
	@$(LOCK) local_aws/requirements.txt --output-file requirements/local-aws.txt
	@$(LOCK) --resolution lowest-direct setup.py requirements/floor.in --output-file requirements/floor.txt

synth: $(SETUP) $(CLI) ## synthesize the sample app; needs no credentials
	cdk synth --no-notices

demo: $(DEMO) $(CLI) $(LOCAL_AWS) ## deploy the sample app to a local AWS, read it back, destroy it
	@python -m local_aws.demo

# With the same SOURCE_DATE_EPOCH and umask, whoever builds a commit gets the same bytes.
build: export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct)
build: export GITHUB_REPOSITORY := $(GITHUB_REPOSITORY)
build: $(SETUP) ## sdist and wheel into dist/; GITHUB_REPOSITORY=owner/name says where the source is
	rm -rf dist
	umask 022 && python -m build --no-isolation
	twine check --strict dist/*
	sha256sum dist/*

# Material announces its end, 5 May 2027, with each run. What stage.py writes is plain Markdown for whatever comes next.
docs: $(DOCS) ## the pages as a site, into build/docs, to be read without a network
	@.venv-docs/bin/python docs/stage.py build/pages
	@NO_MKDOCS_2_WARNING=1 .venv-docs/bin/mkdocs build --strict
	@echo "Open build/docs/index.html, or with search: python -m http.server --directory build/docs"

live: $(DEMO) $(CLI) ## try it on your AWS account and remove it again: DOMAIN=... HOSTED_ZONE_ID=... [REGION=...]
	python -m live --domain '$(DOMAIN)' --hosted-zone-id '$(HOSTED_ZONE_ID)' --region '$(REGION)'

check: $(SETUP) ## format, lint and types
	ruff format --check .
	ruff check .
	mypy

# Those on the oldest aws-cdk-lib run beside the others, and are told of when those have ended. Ctrl-C does not reach
# what runs in the background.
test: setup check $(FLOOR) $(WITNESSES) $(DOCS) ## check, then every test with coverage by branch, and beside it the constructs on the oldest aws-cdk-lib
	@mkdir -p build
	@.venv-floor/bin/pytest -p no:cacheprovider tests/constructs tests/test_logical_ids.py >build/floor.log 2>&1 & floor=$$!; \
	trap "kill $$floor 2>/dev/null" INT TERM HUP; \
	pytest --numprocesses 4 --dist loadgroup --cov --cov-report term; ended=$$?; \
	wait $$floor || ended=$$?; \
	echo "On the oldest aws-cdk-lib:"; cat build/floor.log; \
	exit $$ended

PYTHONS ?= 3.12 3.13 3.14
CDK ?= locked
test-pythons: build ## construct and handler tests from the wheel, on those of PYTHONS that are here; CDK=floor or newest
	@.ci/test-wheel $(CDK) $(PYTHONS)

test-wheel: $(UV)
	@.ci/test-wheel $(CDK) $(PYTHONS)

# The busy processes look whether their shell is still there, and end with it, whatever ends it.
test-busy: setup $(WITNESSES) $(DOCS) ## every test, with four processes beside it that keep the machine busy
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
	rm -rf .venv .venv-* .witnesses node_modules tests/witnesses/node_modules cdk.out build dist
