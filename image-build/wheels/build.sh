#!/bin/bash
# Compiles what came without a wheel for this Python; without a network.
# Runs inside the throw-away builder: build.sh SOURCES_DIR OUT_DIR
set -euo pipefail
pip wheel --quiet --no-index --no-deps --no-build-isolation --wheel-dir "$2" "$1"/*.tar.gz
