#!/bin/sh
# The environment of one framework, over the tests' own: the same torch, and what its file of pins adds. Usage: environment.sh BASE FOLDER PINS [OPTION OF PIP…]
set -eu
base=$1 folder=$2 pins=$3
shift 3
"$base/bin/python" -m venv --clear "$folder"
site() { "$1/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))'; }
echo "import site; site.addsitedir('$(cd "$(site "$base")" && pwd)')" > "$(site "$folder")/over_the_tests_environment.pth"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$pins" "$@"
