# Every target sets up what it needs and runs on a fresh machine with Python 3.11+, git and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
DEMO := --data digits --weights none --unfreeze full --batch-size 64 --epochs 8 --name resnet18-digits

ENVIRONMENTS := $(basename $(notdir $(wildcard tests/integrations/environments/*.txt)))
OLDEST := .venv-oldest

.PHONY: demo test test-integrations test-oldest lint format schemas golden bench docs clean

# Train ResNet18 on the digits embedded in scikit-learn, then report on the run.
demo: $(VENV)/.train
	$(BIN)/dermai-train $(DEMO)
	$(BIN)/dermai-report runs/latest
	@echo "The full report:"
	$(BIN)/dermai-report runs/latest --format html,md

test: $(VENV)/.test
	@sh tests/system-packages.sh
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile $(TESTS)

# What is too large for the tests' own environment: each framework or service in one of its own, over it.
test-integrations: $(ENVIRONMENTS:%=test-integrations-%)

test-integrations-%: .venv-integrations/%/installed
	$(<D)/bin/python -m pytest -rs tests/integrations/test_$*.py

.PRECIOUS: .venv-integrations/%/installed
.venv-integrations/%/installed: tests/integrations/environments/%.txt $(VENV)/.test
	sh tests/integrations/environment.sh $(VENV) $(@D) $<
	@touch $@

# Training with the oldest supported torch. On Linux its wheel is built for CUDA, of which only the names are put in place (0.8 GB to fetch).
test-oldest: $(OLDEST)/.ready
	$(OLDEST)/bin/python -m pytest $(or $(TESTS),tests/train)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The JSON Schemas in the wheel, from the types.
schemas: $(VENV)/.train
	$(BIN)/python -m dermai_report.schemas

# Accept what the renderers make of the committed runs as the examples and the golden files.
golden: $(VENV)/.train
	$(BIN)/dermai-report runs/resnet18-10-epochs --format html,md,json
	$(BIN)/dermai-report runs/resnet18-digits --format html,md,json --output report/resnet18-digits/
	$(BIN)/dermai-report runs/resnet18-digits runs/resnet18-digits-cosine --format html,md,json --output report/resnet18-digits-cosine/
	$(BIN)/dermai-report runs/digits-cosine-try --format html,md,json --output report/digits-cosine-try/

# Side by side with peers, each in an environment of its own; prints ratios.
bench: $(VENV)/.train
	$(BIN)/python benchmarks/report.py

# docs/rules.md, from the rules themselves, and the whole documentation as pages in site/.
docs: $(VENV)/.docs
	$(BIN)/python docs/build.py
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet docs site
	@echo site/index.html

$(VENV)/.train $(VENV)/.docs $(VENV)/.test $(VENV)/.dev: $(VENV)/.%: pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --editable ".[$*]"
	@touch $@

# Its own torch before the other packages of .venv; --no-deps: without CUDA.
$(OLDEST)/.ready: $(VENV)/.test tests/oldest/requirements.txt tests/oldest/stand_ins.py
	sh tests/integrations/environment.sh $(VENV) $(OLDEST) tests/oldest/requirements.txt --no-deps
	@$(OLDEST)/bin/python -c "import torch" 2>/dev/null || $(OLDEST)/bin/python tests/oldest/stand_ins.py
	@touch $@

clean:
	rm -rf $(VENV) $(OLDEST) dist build
