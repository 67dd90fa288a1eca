#!/usr/bin/env bash
# Builds the receivers if they are not there, then runs the end-to-end tests against them. Arguments go to go test.
#
#   e2e/run.sh
#   e2e/run.sh -v -run TestTransports
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
peers/build.sh
# ./browser tests the trace page and needs a Chromium.
exec go test -count=1 -timeout=8m . ./stored "$@"
