# Every target sets up what it needs by itself (scripts/bootstrap.py); a second run skips what is there.
#
#   make demo [PORT=8000]   open the example town        make test [ARGS="-k seats"]   run every test
#   make lint               all checks                   make format                   put code in form
#   make bench [SIZE=smoke] measure                      make wheel                    build dist/*.whl, and check it
#   make messages           collect texts to translate   make lock [UPGRADE=1]         lock dependencies anew
#   make frontend           build styles and scripts     make setup                  set up, and run nothing
#   make clean              remove what was made here (not var/)

PYTHON ?= python3
SIZE ?= full
BIN := .venv/bin
setup = @$(PYTHON) scripts/bootstrap.py

.PHONY: help demo test lint format bench wheel messages lock frontend setup clean
.DEFAULT_GOAL := help

help:
	@sed -n '3,8s/^# *//p' Makefile

demo:
	$(setup) run
	@exec $(BIN)/samspel demo $(if $(PORT),--port $(PORT)) $(ARGS)

test:
	$(setup) dev --browser --cluster
	$(BIN)/pytest -n auto --dist loadfile $(ARGS)
	$(if $(ARGS),,$(BIN)/pytest --e2e tests/e2e)

lint: setup
	$(BIN)/python scripts/lint.py $(if $(ARGS),"$(ARGS)")

format: setup
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

bench: setup
	$(if $(filter full,$(SIZE)),$(BIN)/python scripts/peers.py)
	$(BIN)/python -m benchmarks --size $(SIZE) $(if $(ONLY),--only $(ONLY)) $(ARGS)

wheel: setup
	rm -rf dist
	.cache/tools/bin/uv build --quiet --wheel --no-build-isolation --python $(BIN)/python --out-dir dist
	$(BIN)/python scripts/check_wheel.py dist/*.whl

messages: setup
	$(BIN)/python scripts/messages.py update

frontend: setup
	$(BIN)/python scripts/build_frontend.py

lock: setup
	$(BIN)/python scripts/lock.py

setup:
	$(setup) dev

clean:
	rm -rf .venv .cache dist frontend/node_modules src/samspel/ui/static/samspel/build .mypy_cache .ruff_cache .pytest_cache
	find src -name '*.mo' -delete
