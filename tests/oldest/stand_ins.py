"""Let a torch that was built for CUDA run on a processor without the gigabytes of CUDA libraries beside it.

The oldest supported torch has no wheel for processors alone on the usual index. Its CUDA half is never called where there is no GPU, but
the loader wants to see every library and every function that it names. This writes libraries of those names into torch's own folder,
in which each function answers "no such device". Run by the Python that has that torch; needs a C compiler and binutils' nm.

    python tests/oldest/stand_ins.py
"""

import importlib.util
import re
import subprocess
import sys
import tempfile
from pathlib import Path

NO_DEVICE = 100  # cudaErrorNoDevice
SYSTEM = re.compile(r"lib(c|m|dl|rt|pthread|gcc_s|stdc\+\+|gomp.*|torch.*|c10.*|shm|caffe2.*)\.so|ld-linux")
CUDA = re.compile(r" U ((?:(?:__)?cu[a-zA-Z]|nccl|nv)\w+)")  # plain C names: torch's own are C++, and mangled


def output(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def main() -> None:
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        raise SystemExit("no torch here")
    folder = Path(spec.origin).parent / "lib"
    files = [str(path) for path in folder.glob("lib*.so")]
    needed = set(re.findall(r"NEEDED\s+(\S+)", "".join(output("objdump", "--private-headers", file) for file in files)))
    libraries = sorted(name for name in needed if not SYSTEM.match(name) and not (folder / name).exists())
    functions = sorted(set(CUDA.findall("".join(output("nm", "--dynamic", "--undefined-only", file) for file in files))))
    with tempfile.TemporaryDirectory() as work:
        source = Path(work, "stand_in.c")
        source.write_text("".join(f"int {name}(void) {{ return {NO_DEVICE}; }}\n" for name in functions))
        for name in libraries:  # a version of symbols has the name of its library
            script = Path(work, "versions.map")
            script.write_text(f"{name} {{ global: *; }};\n")
            linker = f"-Wl,-soname,{name},--version-script,{script}"
            subprocess.run(["cc", "-shared", "-fPIC", "-w", linker, "-o", folder / name, source], check=True)
    print(
        f"{len(libraries)} libraries of {len(functions)} functions stand in for CUDA: {', '.join(libraries)}", file=sys.stderr
    )


if __name__ == "__main__":
    main()
