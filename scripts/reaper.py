#!/usr/bin/env python3
"""Ends what a supervisor started, however that supervisor itself ended.

    reaper.py TOKEN < pipe

Reads lines `group PGID`, `forget PGID` and `remove FOLDER` until the pipe closes, which
it does when the supervisor exits, crashes or is killed. Then it ends the process groups,
and every other process whose environment holds SHOAL_STACK=TOKEN, and removes the
folders. It lives in a session of its own: what a terminal sends does not reach it.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

TOKEN_VARIABLE = "SHOAL_STACK"
GRACE_S = 5.0
POLL_S = 0.05


def main():
    mark = f"{TOKEN_VARIABLE}={sys.argv[1]}"
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    groups, folders = read_instructions(sys.stdin)
    # The bus was started first and ends last: the others say goodbye on it.
    bus = groups[:1]
    end(lambda: [one for one in ours(mark, groups) if one.group not in bus])
    end(lambda: ours(mark, groups))
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


def read_instructions(lines):
    """The groups and the folders named, in order; returns when there will be no more."""
    groups, folders = [], []
    for line in lines:
        verb, _, value = line.rstrip("\n").partition(" ")
        if verb == "group":
            groups.append(int(value))
        elif verb == "forget":
            groups.remove(int(value))
        elif verb == "remove":
            folders.append(value)
    return groups, folders


class Process(NamedTuple):
    """A process that is not a zombie."""

    pid: int
    group: int
    is_marked: bool


def ours(mark, groups):
    return [one for one in processes(mark) if one.is_marked or one.group in groups]


def end(find):
    """Asks all that `find` returns to end, and kills those left after the grace."""
    asked = set()
    started = time.monotonic()
    # A killed process may hang in the kernel; waiting for that has an end too.
    while (left := find()) and time.monotonic() < started + 2 * GRACE_S:
        overdue = time.monotonic() > started + GRACE_S
        for process in left:
            if overdue:
                send(process.pid, signal.SIGKILL)
            elif process.pid not in asked:
                asked.add(process.pid)
                send(process.pid, signal.SIGTERM)
        time.sleep(POLL_S)


def send(pid, number):
    # It may have ended by itself since it was seen.
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def processes(mark):
    """All processes of this machine that still run; marked if `mark` is in their environment."""
    if not Path("/proc/self/stat").exists():
        return processes_by_ps()
    found = (read_process(folder, mark.encode()) for folder in Path("/proc").iterdir())
    return [process for process in found if process]


def read_process(folder, mark):
    if not folder.name.isdigit():
        return None
    try:
        # The name in parentheses may hold anything; the fields behind it are plain.
        line = (folder / "stat").read_text(errors="replace")
        state, _parent, group = line.rpartition(")")[2].split()[:3]
    except OSError:
        return None
    if state in "ZX":
        return None
    try:
        is_marked = mark in (folder / "environ").read_bytes().split(b"\0")
    except OSError:
        is_marked = False
    return Process(int(folder.name), int(group), is_marked)


def processes_by_ps():
    """Without /proc environments stay unknown; the groups are what there is to go by."""
    listing = subprocess.run(
        ["ps", "-axo", "pid=,pgid=,stat="], capture_output=True, text=True, check=True
    )
    rows = (line.split() for line in listing.stdout.splitlines())
    return [Process(int(pid), int(group), False) for pid, group, state in rows if state[0] != "Z"]


if __name__ == "__main__":
    main()
