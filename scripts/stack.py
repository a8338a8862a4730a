#!/usr/bin/env python3
"""Runs all of Shoal on this machine.

    stack.py up          bus and services in the foreground, data kept, until Ctrl-C
    stack.py demo        the same in a temporary folder, with a run to watch
    stack.py clean-data  removes what `up` kept

See `make help` for the variables that each of them reads.
"""

import argparse
import contextlib
import fcntl
import os
import shutil
import sys
import time
from pathlib import Path

import demo
import services
from supervisor import Interrupted, StackError, Supervisor, end_on_signals, without_password

LOCK_SECONDS = 15


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("mode", choices=("up", "demo", "clean-data"))
    parser.add_argument("--only-nats", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    end_on_signals()
    # Read by the person at once, also through a pipe.
    sys.stdout.reconfigure(line_buffering=True)
    try:
        if arguments.mode == "up":
            up(arguments.only_nats)
        elif arguments.mode == "demo":
            demo.demo(ports_from(os.environ, None, None))
        else:
            clean_data()
    except (StackError, OSError) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    except Interrupted as interruption:
        return 128 + interruption.number
    return 0


def up(only_nats):
    """The stack in the foreground; Ctrl-C is the way it ends."""
    ports = ports_from(os.environ, 4222, 5001)
    given = os.environ.get("NATS_URL")
    data = data_folder()
    with locked(data) as lock, Supervisor(keep_open=(lock,)) as supervisor:
        # Only now: a predecessor may have held the ports as long as it held the lock.
        services.refuse_busy(ports, starts_bus=not given)
        nats_url = given or services.start_bus(supervisor, data, ports.nats, sync="always")
        lines = ["Shoal is up. Ctrl-C stops it; its data stays.", ""]
        lines.append(f"  bus   {without_password(nats_url)}")
        if not only_nats:
            http_url = services.start_services(supervisor, nats_url, data, ports.http)
            lines.append(f"  http  {http_url}")
        lines += [f"  data  {data}", f"  logs  {data / 'logs'}", "", "Try, in another terminal:"]
        if not given:
            lines.append(f"  export NATS_URL={nats_url}")
        if not only_nats:
            lines.append(f"  export SHOAL_HTTP_URL={http_url}")
        shoal = services.shorter(services.program_path("shoal"))
        lines.append(f"  {shoal} run {services.shorter(demo.BUNDLED_SAMPLE)}")
        supervisor.stay("\n".join(lines))


def clean_data():
    """Removes what `up` writes and nothing else: the folder may be one that somebody named."""
    data = data_folder()
    if not data.exists():
        return
    with locked(data):
        for ours in ("nats", "memory", "logs"):
            shutil.rmtree(data / ours, ignore_errors=True)
        (data / "lock").unlink()
    try:
        data.rmdir()
    except OSError:
        print(f"{data} is left, because it holds something that is not ours")


def data_folder():
    return Path(os.environ.get("SHOAL_DATA_DIR") or ".data").absolute()


@contextlib.contextmanager
def locked(data):
    """The data folder, for us alone. A predecessor's reaper may still be at work on it."""
    data.mkdir(parents=True, exist_ok=True)
    with open(data / "lock", "a", encoding="utf-8") as lock:
        deadline = time.monotonic() + LOCK_SECONDS
        while not taken(lock):
            if time.monotonic() > deadline:
                raise StackError(
                    f"{data} is in use by another `make up`; stop that one, or set "
                    "SHOAL_DATA_DIR to another folder"
                )
            time.sleep(0.1)
        yield lock.fileno()


def taken(lock):
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def ports_from(environment, nats, http):
    """The ports that were asked for, or these; all that is wrong with them in one error."""
    problems = []

    def port(variable, default):
        text = environment.get(variable)
        if not text:
            return default
        if text.isascii() and text.isdigit() and 1 <= int(text) <= 65535:
            return int(text)
        problems.append(f"{variable} is {text!r}; expected a port, 1 to 65535")
        return default

    ports = services.Ports(port("SHOAL_NATS_PORT", nats), port("SHOAL_HTTP_PORT", http))
    if problems:
        raise StackError("; ".join(problems))
    return ports


if __name__ == "__main__":
    sys.exit(main())
