"""However a stack ends, nothing of it is left: no process, no port, no temporary folder."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import uuid
from pathlib import Path

import nats_server
import reaper
import services

SCRIPTS = Path(__file__).resolve().parent
PATIENCE_SECONDS = 30


@unittest.skipUnless(Path("/proc/self/environ").exists(), "finds processes by /proc")
class StackTest(unittest.TestCase):
    """Every process that a test starts carries a mark of its own in its environment."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="shoal test ")
        self.addCleanup(folder.cleanup)
        self.temporary = Path(folder.name) / "tmp"
        self.temporary.mkdir()
        self.data = Path(folder.name) / "data"
        self.mark = f"SHOAL_TEST_MARK={uuid.uuid4().hex}"
        self.port = services.free_port()
        self.http_port = services.free_port()
        self.addCleanup(self.kill_what_is_left)

    def environment(self, **more):
        name, _, value = self.mark.partition("=")
        inherited = {key: value for key, value in os.environ.items() if key != "NATS_URL"}
        return {
            **inherited,
            name: value,
            "NATS_SERVER_BIN": str(nats_server.find_server()),
            "SHOAL_NATS_PORT": str(self.port),
            "SHOAL_HTTP_PORT": str(self.http_port),
            "SHOAL_DATA_DIR": str(self.data),
            "TMPDIR": str(self.temporary),
            **more,
        }

    def python(self, *arguments, **more):
        process = subprocess.Popen(
            [sys.executable, *map(str, arguments)], cwd=SCRIPTS, env=self.environment(**more),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        return process

    def start_up(self, **more):
        """`stack.py up` with its bus answering."""
        process = self.python("stack.py", "up", "--only-nats", **more)
        self.read_until(process, "Shoal is up")
        self.assertTrue(self.port_answers())
        return process

    def read_until(self, process, text):
        said = ""
        for line in process.stdout:
            said += line
            if text in line:
                return
        self.fail(f"ended with {process.wait()} without saying {text!r}:\n{said}")

    def marked(self):
        return [process.pid for process in reaper.processes(self.mark) if process.is_marked]

    def port_answers(self):
        with socket.socket() as client:
            return client.connect_ex((services.LOOPBACK, self.port)) == 0

    def assert_nothing_left(self):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.marked() and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual(self.marked(), [], "processes are left")
        self.assertFalse(self.port_answers(), "the port is left open")
        self.assertEqual(os.listdir(self.temporary), [], "temporary files are left")

    def kill_what_is_left(self):
        for pid in self.marked():
            os.kill(pid, signal.SIGKILL)


class EndOfUp(StackTest):
    def end_by(self, number):
        process = self.start_up()
        process.send_signal(number)
        code = process.wait(PATIENCE_SECONDS)
        self.assert_nothing_left()
        return code

    def test_interrupt(self):
        self.assertEqual(self.end_by(signal.SIGINT), 0)

    def test_terminate(self):
        self.assertEqual(self.end_by(signal.SIGTERM), 0)

    def test_hang_up(self):
        self.assertEqual(self.end_by(signal.SIGHUP), 0)

    def test_quit(self):
        self.assertEqual(self.end_by(signal.SIGQUIT), -signal.SIGQUIT)

    def test_kill(self):
        self.assertEqual(self.end_by(signal.SIGKILL), -signal.SIGKILL)

    def test_a_service_that_dies_ends_the_rest_and_is_named_with_its_last_lines(self):
        process = self.start_up()
        [server] = [pid for pid in self.marked() if is_program(pid, "nats-server")]
        os.kill(server, signal.SIGKILL)
        said = process.stdout.read()
        self.assertEqual(process.wait(PATIENCE_SECONDS), 1)
        self.assertIn("error: nats-server was ended by SIGKILL; the end of ", said)
        self.assertIn("  | ", said)
        self.assertIn("Server is ready", said)
        self.assert_nothing_left()

    def test_it_can_be_started_again_at_once_after_a_kill_and_its_data_is_there(self):
        first = self.start_up()
        first.kill()
        first.wait()
        second = self.start_up()
        self.assertTrue((self.data / "nats/jetstream").is_dir())
        second.terminate()
        second.wait(PATIENCE_SECONDS)
        self.assert_nothing_left()


class WholeStack(StackTest):
    """With our own services; `make test` builds them first."""

    def test_a_demo_killed_in_the_middle_of_its_run_leaves_nothing(self):
        process = self.python("stack.py", "demo")
        self.read_until(process, "round 0")
        [worker] = [pid for pid in self.marked() if b"worker" in arguments_of(pid)]
        self.assertTrue(self.port_answers())
        process.kill()
        process.wait()
        self.assert_nothing_left()
        self.assertFalse(Path(f"/proc/{worker}").exists())

    def test_up_is_ready_when_it_says_so_and_ends_on_sigterm(self):
        process = self.python("stack.py", "up")
        self.read_until(process, "Shoal is up")
        self.assertTrue(services.is_ready(self.http_port))
        programs = sorted(Path(os.readlink(f"/proc/{pid}/exe")).name for pid in self.marked())
        self.assertTrue({*services.SERVICES, "nats-server"} <= set(programs), programs)
        process.terminate()
        self.assertEqual(process.wait(PATIENCE_SECONDS), 0)
        self.assert_nothing_left()

    def test_a_service_that_cannot_start_is_named_with_what_it_said(self):
        # A file where the memory's folder should be.
        self.data.mkdir()
        (self.data / "memory").write_text("not a folder", encoding="utf-8")
        process = self.python("stack.py", "up")
        said = process.stdout.read()
        self.assertEqual(process.wait(), 1, said)
        self.assertIn("error: shoal-memory-sink ended with exit code ", said)
        self.assertIn(str(self.data / "memory"), said)
        self.assert_nothing_left()


class CleanData(StackTest):
    def clean(self):
        process = self.python("stack.py", "clean-data")
        said = process.stdout.read()
        self.assertEqual(process.wait(), 0, said)
        return said

    def test_it_removes_the_folder_that_up_made(self):
        up = self.start_up()
        up.terminate()
        up.wait(PATIENCE_SECONDS)
        self.assertEqual(self.clean(), "")
        self.assertFalse(self.data.exists())

    def test_it_leaves_what_is_not_ours(self):
        (self.data / "nats").mkdir(parents=True)
        (self.data / "letters").write_text("dear", encoding="utf-8")
        self.assertIn(f"{self.data} is left", self.clean())
        self.assertEqual(os.listdir(self.data), ["letters"])


class Refusals(StackTest):
    def refusal(self, **more):
        """What `up` says when it will not start."""
        process = self.python("stack.py", "up", "--only-nats", **more)
        said = process.stdout.read()
        self.assertEqual(process.wait(), 1, said)
        self.assertEqual(self.marked(), [])
        self.assertEqual(os.listdir(self.temporary), [])
        return said

    def test_busy_ports_are_named_with_their_variables(self):
        with socket.socket() as other:
            other.bind((services.LOOPBACK, 0))
            other.listen()
            port = str(other.getsockname()[1])
            said = self.refusal(SHOAL_NATS_PORT=port, SHOAL_HTTP_PORT=port)
        busy = f"cannot listen on port {port} of 127.0.0.1: address already in use"
        self.assertEqual(
            said,
            f"error: {busy}; set SHOAL_NATS_PORT to a free port, or NATS_URL to use the server "
            f"that is there\n       {busy}; set SHOAL_HTTP_PORT to a free port\n",
        )

    def test_all_wrong_ports_are_reported_at_once(self):
        self.assertEqual(
            self.refusal(SHOAL_NATS_PORT="x", SHOAL_HTTP_PORT="65536"),
            "error: SHOAL_NATS_PORT is 'x'; expected a port, 1 to 65535; "
            "SHOAL_HTTP_PORT is '65536'; expected a port, 1 to 65535\n",
        )

    def test_a_missing_server_is_an_error_with_the_ways_to_get_one(self):
        said = self.refusal(NATS_SERVER_BIN="/nowhere/nats-server")
        self.assertTrue(said.startswith("error: NATS_SERVER_BIN is '/nowhere/nats-server'"), said)

    def test_a_data_folder_that_cannot_be_made_is_named(self):
        said = self.refusal(SHOAL_DATA_DIR="/proc/shoal")
        self.assertTrue(said.startswith("error: "), said)
        self.assertIn("'/proc/shoal'", said)


# A leader that leaves at once, and a worker in a session of its own that ignores SIGTERM.
WORKER = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("here", flush=True)
time.sleep(600)
"""
LEADER = f"""
import subprocess, sys
subprocess.Popen([sys.executable, "-c", {WORKER!r}], start_new_session=True)
"""
STUBBORN = f"""
import sys, time
from supervisor import Supervisor

with Supervisor() as supervisor:
    log = supervisor.runtime / "log"
    supervisor.start("leader", [sys.executable, "-c", {LEADER!r}], {{}}, log).process.wait()
    while not log.read_text():
        time.sleep(0.01)
    print("started", flush=True)
    time.sleep(600)
"""


class Stragglers(StackTest):
    def test_a_worker_that_ignores_sigterm_in_a_session_of_its_own_is_killed(self):
        process = self.python("-c", STUBBORN)
        self.read_until(process, "started")
        # The script, its reaper and the worker; the leader has gone.
        self.assertEqual(len(self.marked()), 3)
        process.kill()
        process.wait()
        self.assert_nothing_left()


def is_program(pid, name):
    return Path(os.readlink(f"/proc/{pid}/exe")).name == name


def arguments_of(pid):
    return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")


if __name__ == "__main__":
    unittest.main()
