# Everything runs in .venv, which is created when first needed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

# Written bytecode spares each of the many processes of a test run its own compiling.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test lint types floors bench slow gpu ray mlflow generated reproduce clean

run: $(VENV)/installed ## Run the demonstration on the embedded images
	@$(BIN)/cnn-ablate run ablations/demo.yaml

test: $(VENV)/installed-dev ## Run the default tests
	@OMP_NUM_THREADS=1 $(BIN)/pytest

slow: $(VENV)/installed-dev ## Run the tests that take minutes
	@OMP_NUM_THREADS=1 $(BIN)/pytest -m slow

gpu: $(VENV)/installed-dev ## Run the tests that need a CUDA device
	@OMP_NUM_THREADS=1 $(BIN)/pytest -n 0 -m gpu

ray: $(VENV)/installed-dev ## Run the tests that start Ray nodes on this machine
	@$(BIN)/pip install --quiet --editable '.[dev,ray]'
	@OMP_NUM_THREADS=1 $(BIN)/pytest -n 0 -m ray

mlflow: $(VENV)/installed-dev ## Run the tests of MLflow, a large package
	@$(BIN)/pip install --quiet --editable '.[dev,mlflow]'
	@OMP_NUM_THREADS=1 $(BIN)/pytest -n 0 tests/test_tracking.py tests/test_import.py

lint: $(VENV)/installed-dev ## Check style and spelling
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/codespell

types: $(VENV)/installed-dev ## Check types
	@$(BIN)/mypy

floors: $(VENV)/installed-dev ## Check that imports go downwards only
	@$(BIN)/lint-imports

bench: $(VENV)/installed-dev ## Time a matrix of trials against a usual training loop
	@$(BIN)/python benchmarks/matrix.py

generated: $(VENV)/installed-dev ## Write the files that are generated from code and committed results
	@$(BIN)/cnn-ablate schema > ablations/study.schema.json
	@$(BIN)/python docs/make_reference.py
	@$(BIN)/python docs/draw_designs.py
	@$(BIN)/python docs/refresh_tables.py
	@$(BIN)/python docs/make_reproductions.py
	@$(BIN)/python docs/replay_looks.py

# The committed results: published budgets where two cores are enough, else the profile `cpu`. The
# tables of a fresh clone give way to the trials of this machine.
reproduce: export CNN_ABLATE_DATA = $(DATA)
reproduce: $(VENV)/installed ## Run the studies of the five papers; DATA: the folder with both data sets
	@test -n "$(DATA)" || { echo "Set DATA to the folder of the data sets: make reproduce DATA=folder"; exit 1; }
	@test -d results/trials || rm -f results/*/results.csv
	@$(BIN)/cnn-ablate run ablations/lenet_cifar.yaml --only lr=0.0003,augment=both --no-pictures
	@$(BIN)/cnn-ablate run ablations/lenet_cifar.yaml --profile cpu --no-pictures
	@$(BIN)/cnn-ablate run ablations/cifar_cbam.yaml --only baseline --set training.precision=bfloat16 --no-pictures
	@$(BIN)/cnn-ablate run ablations/cifar_cbam.yaml --profile cpu --no-pictures
	@$(BIN)/cnn-ablate run ablations/fashion_lr.yaml --no-pictures
	@$(BIN)/cnn-ablate run ablations/cifar_ladder.yaml --only kernel_3x3 --no-pictures
	@$(BIN)/cnn-ablate run ablations/cifar_ladder.yaml --profile cpu --no-pictures
	@$(BIN)/cnn-ablate run ablations/resnet18_tuning.yaml --profile cpu --no-pictures
	@$(BIN)/cnn-ablate run ablations/preact_cbam.yaml --profile cpu --no-pictures
	@$(BIN)/python docs/refresh_tables.py
	@$(BIN)/python docs/make_reproductions.py
	@$(BIN)/python docs/replay_looks.py

clean: ## Remove the virtual environment
	rm -rf $(VENV)

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable .
	@touch $@

$(VENV)/installed-dev: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@ $(VENV)/installed
