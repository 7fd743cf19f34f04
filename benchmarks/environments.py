"""The environments that peers run in: each peer is installed once, by the pins in peers/<name>.txt."""

import subprocess
import sys
import venv
from pathlib import Path

PEERS = Path(__file__).resolve().parent / "peers"


def python_of(peer: str) -> str:
    """The Python of a peer's own environment, under peers/.environments; made when it is not there, or by other pins."""
    folder = PEERS / ".environments" / peer
    python = folder / "bin" / "python"
    done = folder / "installed"
    pins = PEERS / f"{peer}.txt"
    if not done.is_file() or done.read_text() != pins.read_text():
        print(f"installing {peer} …", file=sys.stderr)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--requirement", pins], check=True)
        done.write_text(pins.read_text())
    return str(python)
