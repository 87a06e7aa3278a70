# Everything uses the Python of the active environment: `pip install -e '.[dev]'` brings the tools.
PYTHON ?= python

.DEFAULT_GOAL := help
.PHONY: help check fix test slow tables docs site golden mutants chaos fuzz lock release

help: ## List the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  \1\t/' | expand -t 12

check: ## What CI runs: format, lint, types, spelling, docs current, tests
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy
	$(PYTHON) -m codespell_lib *.md docs configs mlptrain benchmarks
	$(PYTHON) -m cogapp --check README.md docs/config.md docs/cli.md docs/quality.md
	$(PYTHON) -m pytest -n auto --dist worksteal

fix: ## Format, and repair what ruff can repair
	$(PYTHON) -m ruff check --fix .
	$(PYTHON) -m ruff format .

test: ## The tests alone
	$(PYTHON) -m pytest -n auto --dist worksteal

slow: ## The tests of many seconds, which plain pytest leaves out
	$(PYTHON) -m pytest -n auto --dist worksteal -m slow

tables: ## init, fit, predict and eval on every real table, to the end
	MLPTRAIN_FULL_TABLES=1 $(PYTHON) -m pytest tests/test_real_tables.py

docs: ## Generate the tables of README.md, docs/config.md and docs/cli.md, a table of docs/quality.md, the recording, the notebooks and the pictures again
	$(PYTHON) -m cogapp -r README.md docs/config.md docs/cli.md docs/quality.md
	$(PYTHON) docs/make_recording.py
	$(PYTHON) docs/make_notebooks.py
	$(PYTHON) docs/make_gallery.py

site: ## Build the documentation site into site/; a link that leads nowhere is an error (needs .[docs])
	NO_MKDOCS_2_WARNING=1 $(PYTHON) -m mkdocs build --strict

golden: ## Make the PyTorch trajectories again (needs torch, which nothing else does)
	$(PYTHON) tests/golden/make_golden.py

mutants: ## Some two hundred mistakes, made one at a time: a test must notice each
	$(PYTHON) tests/mutation.py

chaos: ## The long tests of what can go wrong, in full
	MLPTRAIN_MUTATIONS=100000 MLPTRAIN_KILLS=200 MLPTRAIN_SWEEP_KILLS=12 MLPTRAIN_RANK_KILLS=50 MLPTRAIN_STRIDE=1 MLPTRAIN_REPEATS=10 MLPTRAIN_OUTAGES=4 $(PYTHON) -m pytest -m chaos
	MLPTRAIN_EXAMPLES=2000 MLPTRAIN_TABLES=200 $(PYTHON) -m pytest -m "slow or not slow" tests/test_properties.py tests/test_mutated_tables.py
	MLPTRAIN_CONFIGS=1000000 MLPTRAIN_NASTY=100000 $(PYTHON) -m pytest -m chaos tests/chaos/test_fuzz_configs.py tests/chaos/test_fuzz_tables.py
	MLPTRAIN_CSV=20000 $(PYTHON) -m pytest -m slow tests/test_csv_differential.py

fuzz: ## Ten minutes of mutated files for each reader, or FUZZ_SECONDS (needs atheris: .[fuzz])
	$(PYTHON) fuzz/fuzz_config.py
	$(PYTHON) fuzz/fuzz_table.py
	$(PYTHON) fuzz/fuzz_checkpoint.py

lock: ## Pin the development environment again: requirements-dev.lock
	$(PYTHON) -m uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-emit-find-links \
	  --python-version 3.11 --extra dev --custom-compile-command "make lock" pyproject.toml -o requirements-dev.lock

release: ## Build sdist and wheel, and try the wheel in an environment of its own
	$(PYTHON) .ci/release.py
