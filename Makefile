# A fresh Debian with python3, python3-venv and make is all this needs.
PYTHON ?= python3
BIN := .venv/bin
# Given on purpose: what pip.conf or the environment names is used, nothing is written down here.
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --require-hashes --requirement

.PHONY: demo demo-reset run test check bench
.DEFAULT_GOAL := demo

demo: .venv/base.stamp
	@exec $(BIN)/python -m m365integration.start demo $(if $(BIND),--bind $(BIND))

# What runs holds this lock; its files are not taken away from under it.
demo-reset:
	@test ! -e var/demo/serve.lock || \
		$(PYTHON) -c 'import fcntl; fcntl.flock(open("var/demo/serve.lock"), fcntl.LOCK_EX | fcntl.LOCK_NB)' 2>&- || { \
		echo "The demo is running. Stop it with Ctrl-C first."; exit 1; }
	@rm -rf var/demo
	@echo "The demo starts from nothing next time."

run: .venv/base.stamp
	@exec $(BIN)/python -m m365integration.start run $(if $(BIND),--bind $(BIND))

test: .venv/dev.stamp
	@exec $(BIN)/python -m tests

check: .venv/dev.stamp
	@exec $(BIN)/python -m tests.quality

bench: .venv/dev.stamp
	@exec $(BIN)/python -m tests.bench

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; \
		echo "python3 cannot make a virtual environment yet. Run: sudo apt-get install python3-venv"; exit 1; }

.venv/base.stamp: requirements/base.txt | .venv/bin/python
	@echo "Installing the libraries (once)."
	@$(PIP) requirements/base.txt
	@touch $@

.venv/dev.stamp: requirements/dev.txt | .venv/bin/python
	@echo "Installing the libraries and tools of developers (once)."
	@$(PIP) requirements/dev.txt
	@touch $@ .venv/base.stamp
