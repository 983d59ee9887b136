#!/bin/sh
# Opens report pages in headless Chromium and checks them; installs chromium and node where they are missing.
# usage: tests/page.sh PAGE.html...
set -eu
missing=
command -v chromium > /dev/null || missing="$missing chromium"
command -v npm > /dev/null || missing="$missing nodejs npm"
if [ -n "$missing" ]; then
    if [ "$(id -u)" != 0 ]; then
        echo "missing:$missing; run once as root: apt-get install$missing" >&2
        exit 1
    fi
    echo "installing$missing" >&2
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing > /dev/null
fi
cd "$(dirname "$0")/page"
npm ci --no-audit --no-fund --loglevel=error
CHROMIUM=$(command -v chromium) exec node check.mjs "$@"
