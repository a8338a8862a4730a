#!/bin/sh
# Prints what a build of this folder is called: its commit, with `-dirty` behind it where there is
# more than that; nothing where git does not say. Programs say it in --version, in metrics and to
# `shoal doctor`.
set -eu

cd "$(dirname "$0")/.."
commit=$(git rev-parse --short=10 HEAD 2>/dev/null) || exit 0
[ -z "$(git status --porcelain 2>/dev/null)" ] || commit=$commit-dirty
echo "$commit"
