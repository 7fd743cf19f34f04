#!/bin/sh
# What the tests need from the system: a browser and GitHub's Markdown renderer. Installs them on Debian and Ubuntu.
set -eu
missing=""
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || missing="chromium"
command -v cmark-gfm >/dev/null || missing="$missing cmark-gfm"
command -v curl >/dev/null || missing="$missing curl"
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null; then
  echo "please install: $missing" >&2
  exit 1
fi
sudo=""
[ "$(id -u)" = 0 ] || sudo="sudo"
$sudo apt-get update -qq
# shellcheck disable=SC2086  # a list of words
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq $missing >/dev/null
