"""Starts programs, each in a process group of its own, so that none outlives the stack."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections import deque
from pathlib import Path

import reaper

TAIL_LINES = 20


class StackError(Exception):
    """The stack cannot go on; the text is for the person who started it."""


class Interrupted(BaseException):
    """A signal asked us to end. Not an `Exception`, so nothing in between swallows it."""

    def __init__(self, number):
        super().__init__(signal.Signals(number).name)
        self.number = number


def end_on_signals():
    """Turns the signals that end a program into `Interrupted`, unless they are ignored."""

    def interrupt(number, _frame):
        raise Interrupted(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, interrupt)


class Child:
    """A program that was started."""

    def __init__(self, name, process, log):
        self.name = name
        self.process = process
        self.log = log

    def death(self):
        """What there is to say about its end: how, and its last log lines."""
        code = self.process.returncode
        by_signal = f"was ended by {signal.Signals(-code).name}" if code < 0 else None
        return f"{self.name} {by_signal or f'ended with exit code {code}'}{self.last_lines()}"

    def last_lines(self):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as lines:
                tail = deque(lines, TAIL_LINES)
        except OSError:
            return ""
        if not tail:
            return f"; it logged nothing to {self.log}"
        return "\n".join([f"; the end of {self.log}:", *(f"  | {line.rstrip()}" for line in tail)])


class Supervisor:
    """A context in which programs run; leaving it in whatever way ends all of them.

    The work of ending is the reaper's alone, on a pipe that closes with this process,
    so that a clean exit and `kill -9` take the same path. `runtime` is a private folder
    that is removed at the end.
    """

    def __init__(self, keep_open=()):
        """`keep_open`: descriptors that the reaper holds until all is over, such as a lock."""
        self.token = uuid.uuid4().hex
        self.runtime = Path(tempfile.gettempdir()).resolve() / f"shoal-{self.token[:12]}"
        self.children = []
        self.keep_open = keep_open
        self.has_no_end_of_its_own = False

    def __enter__(self):
        reading, self.pipe = os.pipe()
        self.reaper = subprocess.Popen(
            [sys.executable, "-I", reaper.__file__, self.token],
            stdin=reading, stdout=subprocess.DEVNULL, start_new_session=True, cwd="/",
            pass_fds=self.keep_open,
        )
        os.close(reading)
        self.tell(f"remove {self.runtime}")
        self.runtime.mkdir(mode=0o700)
        return self

    def __exit__(self, _kind, problem, _trace):
        # From here on the end is under way; a second Ctrl-C would only leave it unseen.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        os.close(self.pipe)
        interrupted = isinstance(problem, Interrupted)
        if interrupted:
            # The terminal may be what has gone.
            with contextlib.suppress(OSError):
                print(f"\nstopping ({problem})")
        self.reaper.wait()
        return interrupted and self.has_no_end_of_its_own

    def tell(self, instruction):
        os.write(self.pipe, f"{instruction}\n".encode())

    def spawn(self, command, environment=None, **options):
        """`subprocess.Popen`, known to the reaper before the program's first instruction."""
        return subprocess.Popen(
            [str(part) for part in command],
            env={**os.environ, **(environment or {}), reaper.TOKEN_VARIABLE: self.token},
            start_new_session=True,
            preexec_fn=lambda: self.tell(f"group {os.getpid()}"),
            **options,
        )

    def start(self, name, command, environment, log):
        """Starts a service; its output goes to `log`."""
        with open(log, "wb") as output:
            process = self.spawn(
                command, environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        child = Child(name, process, log)
        self.children.append(child)
        return child

    @contextlib.contextmanager
    def running(self, command, environment=None, **options):
        """A program that ends by itself, within the block that uses it."""
        process = self.spawn(command, environment, **options)
        try:
            yield process
            process.wait()
        except BaseException:
            # Asked nicely, a client would first explain how to go on with a bus that ends too.
            process.kill()
            raise
        self.tell(f"forget {process.pid}")

    def check(self):
        """Raises if a service has ended; none of them does so by itself."""
        dead = [child for child in self.children if child.process.poll() is not None]
        if dead:
            raise StackError("\n".join(child.death() for child in dead))

    def stay(self, announcement):
        """Says so and waits for the signal that ends a stack with nothing left to do."""
        self.has_no_end_of_its_own = True
        print(announcement)
        while True:
            self.check()
            time.sleep(0.2)


def without_password(url):
    """The URL as it may be shown."""
    return re.sub(r"//[^/@]*@", "//***@", url)
