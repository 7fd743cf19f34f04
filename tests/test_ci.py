"""action.yml and the workflows of docs/ci.md: valid, and their steps do what they say, run here one after the other."""

import json
import os
import re
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.builders import PUBLISHED

ROOT = Path(__file__).resolve().parent.parent
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
BLOCKS = re.findall(r"```yaml\n# (\S+)\n(.*?)```", (ROOT / "docs" / "ci.md").read_text(encoding="utf-8"), flags=re.S)
WITH_THE_ACTION, WITHOUT = [yaml.safe_load(text) for name, text in BLOCKS if name.startswith(".github/")]
(GITLAB,) = [yaml.safe_load(text) for name, text in BLOCKS if name == ".gitlab-ci.yml"]
MARKER = "<!-- dermai-report -->\n"

PYTHON = f"""\
#!/bin/sh
# A Python that installs nothing: what a step would install is here.
case "$1 $2" in
  "-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && cp "$(dirname "$0")/dermai-report" "$3/bin/" ;;
  "-m pip") echo "$*" >> "$SCRATCH/pip.log" ;;
  *) exec {sys.executable} "$@" ;;
esac
"""
DERMAI = f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m dermai_report.cli.report "$@"\n'
GH = f"""\
#!{sys.executable}
# The GitHub CLI as far as action.yml uses it, over comments in a file; jq itself evaluates --jq.
import json, os, pathlib, sys
import jq
arguments, file = sys.argv[1:], pathlib.Path(os.environ["SCRATCH"], "comments.json")
assert os.environ["GH_TOKEN"] == "secret" and os.environ["GH_REPO"] == "some/where"
comments = json.loads(file.read_text())
match arguments:
    case _ if "FORBIDDEN" in os.environ:
        sys.exit("HTTP 403: Resource not accessible by integration")
    case ["pr", "view", "7", "--json", "comments", "--jq", program]:
        print(*jq.compile(program).input_value({{"comments": comments}}).all(), sep="\\n")
    case ["pr", "comment", "7", "--body-file", path]:
        url = f"https://github.com/some/where/pull/7#issuecomment-{{len(comments)}}"
        comments.append({{"url": url, "viewerDidAuthor": True, "body": pathlib.Path(path).read_text()}})
    case ["api", "--silent", "--method", "PATCH", place, "--field", field] if field.startswith("body=@"):
        number = place.removeprefix("repos/some/where/issues/comments/")
        comments[int(number)]["body"] = pathlib.Path(field.removeprefix("body=@")).read_text()
    case _:
        sys.exit(f"unknown call: {{arguments}}")
file.write_text(json.dumps(comments))
"""


def comment(number: int, body: str, ours: bool) -> dict[str, Any]:
    return {"url": f"https://github.com/some/where/pull/7#issuecomment-{number}", "viewerDidAuthor": ours, "body": body}


OTHERS = [comment(0, MARKER + "forged", ours=False), comment(1, "<!-- dermai-report: fold-1 -->\n", ours=True)]


class Machine:
    """A folder with a run in it, and stand-ins for Python's installer and the GitHub CLI first on the PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.scratch = folder / "scratch"
        self.summary = self.scratch / "summary.md"
        tools = self.scratch / "tools"
        tools.mkdir(parents=True)
        for name, text in (("python", PYTHON), ("python3", PYTHON), ("dermai-report", DERMAI), ("gh", GH)):
            (tools / name).write_text(text)
            (tools / name).chmod(0o755)
        (folder / "runs").mkdir()
        (folder / "runs" / PUBLISHED.name).symlink_to(PUBLISHED)
        (folder / "runs" / "latest").symlink_to(PUBLISHED.name)
        self.summary.touch()
        (self.scratch / "comments.json").write_text(json.dumps(OTHERS))
        self.environment = {
            "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "SCRATCH": str(self.scratch),
            "GITHUB_STEP_SUMMARY": str(self.summary),
        }

    def comments(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads((self.scratch / "comments.json").read_text())
        return found

    def installed(self) -> str:
        return (self.scratch / "pip.log").read_text()

    def sh(self, script: str, shell: tuple[str, ...], **environment: str) -> subprocess.CompletedProcess[str]:
        path = self.scratch / "step.sh"
        path.write_text(script)
        command = [*shell, str(path)]
        everything = {**self.environment, **environment}
        return subprocess.run(command, cwd=self.folder, env=everything, capture_output=True, text=True, check=False)


BASH = ("bash", "--noprofile", "--norc", "-eo", "pipefail")  # what GitHub runs for `shell: bash`
GITLAB_SHELL = ("bash", "-eo", "pipefail")


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def evaluate(expression: str, context: dict[str, Any]) -> Any:
    """GitHub's expressions, as far as action.yml uses them: a || b, a && b, a == 'b', names with dots, 'text'."""
    for sign, keep in (("||", bool), ("&&", lambda value: not value)):
        if sign in expression:
            values = [evaluate(part, context) for part in expression.split(sign)]
            return next(filter(keep, values), values[-1])
    if "==" in expression:
        left, right = expression.split("==")
        return evaluate(left, context) == evaluate(right, context)
    name = expression.strip()
    if name.startswith("'"):
        return name.strip("'")
    value: Any = context
    for part in name.split("."):
        value = value.get(part, "") if isinstance(value, dict) else ""
    return value


def filled(text: str, context: dict[str, Any]) -> str:
    return re.sub(r"\$\{\{(.*?)\}\}", lambda match: str(evaluate(match[1], context)), text)


def use(machine: Machine, *, pull_request: int | None = 7, environment: dict[str, str] | None = None, **inputs: str) -> Any:
    """Run the action's steps as GitHub would; returns the exit status and all that was printed."""
    given = {name: one.get("default", "") for name, one in ACTION["inputs"].items()}
    given |= {name.replace("_", "-"): value for name, value in inputs.items()} | {"token": "secret"}
    context: dict[str, Any] = {
        "inputs": given,
        "github": {"action_path": "/action", "repository": "some/where", "event": {"pull_request": {"number": pull_request}}},
        "runner": {"temp": str(machine.scratch)},
        "steps": {},
    }
    said = ""
    for step in ACTION["runs"]["steps"]:
        if "run" not in step or not evaluate(step.get("if", "'yes'"), context):
            continue
        outputs = machine.scratch / "outputs"
        outputs.write_text("")
        values = {name: filled(value, context) for name, value in step["env"].items()}
        done = machine.sh(step["run"], BASH, **values, **(environment or {}), GITHUB_OUTPUT=str(outputs))
        said += done.stdout + done.stderr
        written = dict(line.split("=", 1) for line in outputs.read_text().splitlines())
        context["steps"][step.get("id", "")] = {"outputs": written}
        if done.returncode:
            return done.returncode, said
    return 0, said


def test_they_are_what_github_and_gitlab_understand(tmp_path: Path) -> None:
    schemas = {
        ".gitlab-ci.yml": "gitlab-ci",
        ".github/workflows/training-report.yml": "github-workflows",
        "action.yml": "github-actions",
    }
    for i, (name, text) in enumerate([*BLOCKS, ("action.yml", (ROOT / "action.yml").read_text(encoding="utf-8"))]):
        path = tmp_path / f"{i}.yml"
        path.write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schemas[name]}", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_no_value_from_outside_is_written_into_a_script() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        assert set(re.findall(r"\$\{\{ *inputs\.([\w-]+)", json.dumps(step))) <= set(ACTION["inputs"])


def test_the_workflow_gives_the_action_what_it_takes() -> None:
    (step,) = [s for s in WITH_THE_ACTION["jobs"]["report"]["steps"] if "dermai-report" in s.get("uses", "")]
    required = {name for name, one in ACTION["inputs"].items() if one.get("required")}
    assert required <= set(step["with"]) <= set(ACTION["inputs"])


def test_the_action_publishes_and_comments_once(machine: Machine) -> None:
    status, said = use(machine, run="runs/latest", fail_on="error")
    assert status == 0, said
    assert "gate: cannot tell (error)" in said
    assert "::warning title=dermai-report gate::cannot tell" in said
    assert machine.installed().endswith(" /action\n")
    folder = machine.scratch / "dermai-report"
    assert {p.name for p in folder.iterdir()} == {"report.html", "report.md", "report.json", "report.xml"}
    assert machine.summary.read_text() == (folder / "report.md").read_text()
    assert machine.comments()[:2] == OTHERS
    (made,) = machine.comments()[2:]
    assert made["body"].startswith(MARKER)

    status, said = use(machine, run="runs/latest", fail_on="diverging")
    assert status == 0, said
    (updated,) = machine.comments()[2:]
    assert "Gate: pass (diverging)" in updated["body"]
    assert machine.comments()[:2] == OTHERS
    assert not list(machine.folder.glob("report*"))


def test_a_failing_gate_stops_the_job_after_all_was_published(machine: Machine) -> None:
    status, said = use(machine, run="runs/latest", fail_on="warning")
    assert status == 1
    assert "::error title=dermai-report gate::fail (warning)" in said
    assert "Gate: fail (warning)" in machine.summary.read_text()
    assert len(machine.comments()) == 3


def test_requirements_strictness_and_key_reach_the_command(machine: Machine) -> None:
    asked = "test.accuracy >= 0.6\ntest.macro_f1 >= 50 %\n"
    status, said = use(machine, run="runs/latest", require=asked, strict="true", key="fold-1", package="a wheel.whl")
    assert status == 1
    assert "gate: cannot tell (test.accuracy >= 0.6, test.macro_f1 >= 50 %): 2 reasons; it stops" in said
    assert machine.installed().endswith("a wheel.whl\n")
    assert len(machine.comments()) == 2  # the one with this key was there
    assert "Training report" in machine.comments()[1]["body"]


@pytest.mark.parametrize(
    ("more", "said"), [({"run": "runs/lastest"}, "there is nothing at"), ({"strict": "yes"}, "true or false")]
)
def test_a_wrong_call_ends_at_once_with_2(machine: Machine, more: dict[str, str], said: str) -> None:
    status, printed = use(machine, **{"run": "runs/latest", **more})
    assert (status, said in printed) == (2, True)
    assert machine.summary.read_text() == ""
    assert machine.comments() == OTHERS


def test_a_token_that_may_only_read_is_a_warning_and_the_gate_decides(machine: Machine) -> None:
    status, said = use(machine, run="runs/latest", fail_on="warning", environment={"FORBIDDEN": "yes"})
    assert status == 1
    assert "::warning title=dermai-report::The comment could not be written" in said
    assert machine.comments() == OTHERS


@pytest.mark.parametrize("more", [{"comment": "false"}, {"pull_request": None}])
def test_no_comment_where_none_is_wanted(machine: Machine, more: Any) -> None:
    assert use(machine, run="runs/latest", **more)[0] == 0
    assert machine.comments() == OTHERS


@pytest.mark.parametrize("name", ["$(touch pwned)", '"; touch pwned; "', "`touch pwned`", "-o", "a\n::error::b"])
def test_a_name_is_never_run(machine: Machine, name: str) -> None:
    (machine.folder / name).symlink_to(PUBLISHED)
    status, said = use(machine, run=name, comment="false")
    assert status == 0, said
    assert not (machine.folder / "pwned").exists()
    assert "\n::error" not in said


def test_the_plain_github_workflow(machine: Machine) -> None:
    job = WITHOUT["jobs"]["report"]
    done = [machine.sh(step["run"], BASH, **job["env"]) for step in job["steps"] if "run" in step]
    assert [one.returncode for one in done] == [0, 0, 0], done
    assert machine.installed().endswith(job["env"]["DERMAI_REPORT"] + "\n")
    assert machine.summary.read_text() == (machine.folder / "report" / "report.md").read_text()
    upload = next(step for step in job["steps"] if "upload" in step.get("uses", ""))
    assert (machine.folder / upload["with"]["path"] / "report.html").is_file()


class Notes(BaseHTTPRequestHandler):
    """The notes of a merge request, as far as the GitLab job uses them."""

    kept: list[dict[str, Any]]

    def answer(self, value: Any) -> None:
        allowed = self.headers["PRIVATE-TOKEN"] == "secret"
        self.send_response(200 if allowed else 401)
        self.end_headers()
        self.wfile.write(json.dumps(value if allowed else {}).encode())

    def body(self) -> str:
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        return urllib.parse.parse_qs(form, strict_parsing=True)["body"][0]

    def do_GET(self) -> None:
        self.answer({"id": 5} if self.path.endswith("/user") else self.kept)

    def do_POST(self) -> None:
        assert self.path == "/projects/3/merge_requests/7/notes"
        self.kept.append({"id": len(self.kept), "author": {"id": 5}, "body": self.body()})
        self.answer({})

    def do_PUT(self) -> None:
        self.kept[int(self.path.rpartition("/")[2])]["body"] = self.body()
        self.answer({})

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def gitlab() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    kept = [{"id": 0, "author": {"id": 9}, "body": MARKER + "forged"}]
    server = HTTPServer(("127.0.0.1", 0), type("KeptNotes", (Notes,), {"kept": kept}))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", kept
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_gitlab_pipeline(machine: Machine, gitlab: tuple[str, list[dict[str, Any]]]) -> None:
    address, kept = gitlab
    variables = {
        **GITLAB["training-report"]["variables"],
        "CI_API_V4_URL": address,
        "CI_PROJECT_ID": "3",
        "CI_MERGE_REQUEST_IID": "7",
        "DERMAI_TOKEN": "secret",
        "no_proxy": "127.0.0.1",
    }

    def job(name: str, **more: str) -> int:
        done = machine.sh("\n".join(GITLAB[name]["script"]), GITLAB_SHELL, **{**variables, **more})
        assert "Traceback" not in done.stderr
        return done.returncode

    assert job("training-report") == 0
    artifacts = GITLAB["training-report"]["artifacts"]
    assert (machine.folder / artifacts["reports"]["junit"]).is_file()
    assert job("training-report-note") == 0
    text = (machine.folder / "report" / "report.md").read_text()
    assert [note["body"] for note in kept[1:]] == [text]
    (machine.folder / "report" / "report.md").write_text(text + "changed & new: 50 %\n")
    assert job("training-report-note") == 0
    assert [note["body"] for note in kept] == [MARKER + "forged", text + "changed & new: 50 %\n"]
    assert job("training-report-note", DERMAI_TOKEN="wrong") != 0
    assert job("pages") == 0
    assert (machine.folder / "public" / "index.html").read_bytes() == (machine.folder / "report" / "report.html").read_bytes()
