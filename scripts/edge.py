#!/usr/bin/env python3
"""Asks a launcher everything that its document allows, and much that it forbids: `make edge`.

Starts a bus and the services, plays one run to its end and another one to its middle, and lets
Schemathesis make questions of `/openapi.json`: first what only reads, then what changes something.
No answer may be a fault of the launcher's own (500), have a status, a header or a field that is not
documented, accept what is wrong, or refuse what is right. What is asked follows from a fixed seed.
"""

import argparse
import json
import subprocess
import sys
import time
import urllib.request

import nats_server
import services
from demo import Shoal
from supervisor import Interrupted, StackError, Supervisor, end_on_signals

SAMPLE = services.SAMPLES / "lantern-pier"
CONFIG = services.PROJECT / "scripts" / "edge.toml"
REQUIREMENTS = services.PROJECT / "scripts" / "requirements-edge.txt"
OLDEST_PYTHON = (3, 11)
PATIENCE_SECONDS = 60
POLL_SECONDS = 0.05
# The runs that there are, by all their names, and schemas of the document that a name has.
SIMULATION, OVER, PAUSED = "lantern-pier", "lantern-pier-1", "lantern-pier-2"
NAMES = {
    "common.simulation_id": [SIMULATION],
    "common.run_id": [OVER, PAUSED],
}
# Questions of each kind to an operation, beside those at the limits of its parameters.
EXAMPLES = 20
PARTS = {"reads": "GET", "writes": "POST,PUT,PATCH,DELETE"}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1, help="what the questions follow from")
    parser.add_argument("--examples", type=int, default=EXAMPLES, help="questions of each kind")
    arguments = parser.parse_args()
    end_on_signals()
    sys.stdout.reconfigure(line_buffering=True)
    try:
        ask_all(find_schemathesis(), arguments)
    except (StackError, nats_server.NotAvailable, OSError) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    except Interrupted as interruption:
        return 128 + interruption.number
    return 0


def find_schemathesis(home=nats_server.PROJECT / ".nats"):
    """How to start it, installing it if need be."""
    if sys.version_info < OLDEST_PYTHON:
        raise StackError("Schemathesis needs Python 3.11 or newer: PYTHON=python3.11 make edge")
    python = nats_server.ensure_venv(home / "edge", REQUIREMENTS) / "bin/python"
    return [python, "-m", "schemathesis.cli", "--config-file", CONFIG, "run", "--no-color"]


def ask_all(schemathesis, arguments):
    with Supervisor() as supervisor:
        data = supervisor.runtime / "data"
        data.mkdir()
        nats_url = services.start_bus(supervisor, data, None, sync=None)
        http_url = services.start_services(supervisor, nats_url, data, None)
        play(Shoal(supervisor, nats_url, http_url))
        document = supervisor.runtime / "openapi.json"
        document.write_text(json.dumps(document_with_names(http_url)), encoding="utf-8")
        failed = []
        for part, methods in PARTS.items():
            started = time.monotonic()
            command = [*schemathesis, document, "--url", http_url, "--seed", arguments.seed]
            command += ["--max-examples", arguments.examples]
            command += [f"--include-method={method}" for method in methods.split(",")]
            # It keeps what it learns in the folder that it is started in.
            home = {"stdin": subprocess.DEVNULL, "cwd": supervisor.runtime}
            with supervisor.running(command, **home) as process:
                process.wait()
            supervisor.check()
            print(f"{part}: exit code {process.returncode} in {time.monotonic() - started:.0f} s")
            failed += [part] if process.returncode else []
        if failed:
            raise StackError(f"the {' and the '.join(failed)} went wrong, see above")


def document_with_names(http_url):
    """The document as it is served, and beside each pattern of a name the names that there are:
    it means the same, and most questions are about something."""
    with urllib.request.urlopen(f"{http_url}/openapi.json") as answer:
        document = json.load(answer)
    schemas = document["components"]["schemas"]
    for name, values in NAMES.items():
        schemas[name] = {"anyOf": [{"enum": values}, schemas[name]]}
    return document


def play(shoal):
    """One run that is over, and the current one, which is paused."""
    start(shoal, "--max-rounds", "4")
    await_status(shoal, OVER, "completed", lambda it: it["status"] == "completed")
    start(shoal, "--seed", "2", "--pace", "4")
    await_status(shoal, PAUSED, "under way", lambda it: ticks(it) >= 4)
    shoal.read("interview", PAUSED, "--agent", "1", "What do you think?")
    shoal.read("pause", PAUSED)
    await_status(shoal, PAUSED, "paused", lambda it: it["status"] == "paused")


def start(shoal, *options):
    shoal.json("start", SAMPLE, *options)


def ticks(status):
    return min(world["ticks"] for world in status["platforms"])


def await_status(shoal, run, what, condition):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition(status := shoal.json("status", run)):
        if time.monotonic() > deadline:
            raise StackError(f"{run} was not {what} within {PATIENCE_SECONDS} s: {status}")
        shoal.supervisor.check()
        time.sleep(POLL_SECONDS)


if __name__ == "__main__":
    sys.exit(main())
