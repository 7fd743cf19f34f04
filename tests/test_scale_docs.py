"""docs/scale.md: scripts are bash, manifests are YAML, and every option of ours that they give exists."""

from __future__ import annotations

import inspect
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from dermai_report import registry
from dermai_report.cli import train
from dermai_report.train import options

TEXT = (Path(__file__).resolve().parent.parent / "docs" / "scale.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
OURS = re.compile(r"(?:dermai-train|-m dermai_report\.cli\.train)\s+(.*)")


def of_kind(kind: str) -> list[str]:
    return [block for name, block in BLOCKS if name == kind]


def commands() -> list[str]:
    """What follows each dermai-train, to the end of its line."""
    manifests = [text for block in of_kind("yaml") for text in strings(yaml.safe_load(block))]
    scripts = [*of_kind("bash"), *of_kind("text"), *manifests]
    return [words for text in scripts for words in OURS.findall(text.replace("\\\n", " "))]


def strings(value: object) -> list[str]:
    """The texts in a document; a list of words is a command."""
    if isinstance(value, dict):
        return [text for inner in value.values() for text in strings(inner)]
    if isinstance(value, list) and all(isinstance(inner, str) for inner in value):
        return [" ".join(value)]
    return [text for inner in value for text in strings(inner)] if isinstance(value, list) else [str(value)]


def test_there_is_something_to_check() -> None:
    assert len(of_kind("bash")) >= 3 and len(of_kind("yaml")) >= 2 and len(commands()) >= 8


@pytest.mark.parametrize("script", of_kind("bash"))
def test_scripts_are_bash_with_options_for_slurm(script: str) -> None:
    assert script.startswith("#!/bin/bash\n#SBATCH ")  # sbatch stops reading options at the first command
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for line in re.findall(r"^#SBATCH (.*)", script, re.MULTILINE):
        assert re.fullmatch(r"--[a-z-]+(=\S+)?", line), "one option a line"


@pytest.mark.parametrize("manifest", of_kind("yaml"))
def test_manifests_are_whole(manifest: str) -> None:
    read = yaml.safe_load(manifest)
    assert {"apiVersion", "kind", "metadata", "spec"} == set(read)
    (pod, *_) = read["spec"].get("pytorchReplicaSpecs", {"one": read["spec"]}).values()
    assert all(c["image"] and c["command"] for c in pod["template"]["spec"]["containers"])
    mounted = {m["name"] for c in pod["template"]["spec"]["containers"] for m in c.get("volumeMounts", ())}
    assert mounted == {v["name"] for v in pod["template"]["spec"].get("volumes", ())}


@pytest.mark.parametrize(("place", "asked"), [("there", "--resume"), ("absent", "--data"), ("away", "")])
def test_a_pod_goes_on_or_begins_but_not_because_the_store_is_away(place: str, asked: str, tmp_path: Path) -> None:
    (script,) = [text for block in of_kind("yaml") for text in strings(yaml.safe_load(block)) if "--resume" in text]
    (tmp_path / "there" / "photos").mkdir(parents=True)
    (tmp_path / "there" / "photos" / "latest").write_text("run")
    runs = "nowhere://bucket/runs" if place == "away" else f"file://{tmp_path / place}"
    (tmp_path / "dermai-train").write_text('#!/bin/sh\necho "$1"\n')
    (tmp_path / "dermai-train").chmod(0o755)
    (tmp_path / "python").symlink_to(sys.executable)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path)}
    called = ["sh", "-c", script.replace("s3://bucket/runs", runs)]
    done = subprocess.run(called, capture_output=True, text=True, check=False, env=environment)
    assert (done.stdout.strip(), done.returncode) == (asked, 0 if asked else 1)


@pytest.mark.parametrize("line", commands())
def test_every_option_exists(line: str) -> None:
    line = re.split(r"\|\||[;…`)]", line.replace('"$', '"x'))[0]
    words = [w if not w.startswith("x") else "1" for w in shlex.split(line)]
    parser = train.build_parser()
    if words and words[0] in registry.names(train.COMMANDS):
        command = registry.load(train.COMMANDS, words.pop(0), "command")
        parser = train._parser("x", inspect.cleandoc(command.__doc__ or ""))
        command.add_options(parser)
    given = options.parse(parser, words)
    if not {"resume", "report"} & set(given):
        train.asked({key: value for key, value in given.items() if key != "backend"})
