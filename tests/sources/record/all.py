"""Record every log again: each script in an environment of its own, made of what its line `# needs:` names.

python tests/sources/record/all.py [NAME…]: all scripts, or some of them by name. Needs a package index.
"""

import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
MAIN = {Path(__file__).name}


def main(wanted):
    scripts = [p for p in sorted(HERE.glob("[a-z]*.py")) if p.name not in MAIN and (not wanted or p.stem in wanted)]
    for script in scripts:
        needs = re.search(r"^# needs: (.*)$", script.read_text(), flags=re.MULTILINE)
        with tempfile.TemporaryDirectory() as place:
            venv.create(place, with_pip=True)
            python = Path(place) / "bin" / "python"
            packages = ["numpy", *(needs[1].split() if needs else [])]
            print(f"{script.stem}: {' '.join(packages)}", flush=True)
            subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
            subprocess.run([python, script], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
