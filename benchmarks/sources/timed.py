"""One read of a log in a process of its own, timed after its imports."""

import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TIMED = """
import json, resource, sys, time, warnings
warnings.simplefilter("ignore")
path = sys.argv[1]
{imports}
start, cpu = time.perf_counter(), time.process_time()
{read}
seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
print(json.dumps({{"seconds": seconds, "cpu": cpu, "found": {found}, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}}))
"""


def timed(python: str, path: Path, imports: str, read: str, found: str) -> dict:
    """Wall and CPU seconds, MB of memory, and what the expression `found` gives. imports, read: code; `path` is the log in it."""
    code = TIMED.format(imports=imports, read=read, found=found)
    done = subprocess.run([python, "-c", code, path], check=True, capture_output=True, cwd=ROOT)
    return json.loads(done.stdout)
