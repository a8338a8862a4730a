"""Where a nats-server is found, and how a virtual environment comes to be."""

import contextlib
import io
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import nats_server

SCRIPTS = Path(__file__).resolve().parent


class FindServer(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def program(self, version):
        """A program called nats-server that says it is of this version."""
        path = self.folder / "nats-server"
        path.write_text(f"#!/bin/sh\necho 'nats-server: v{version}'\n", encoding="utf-8")
        path.chmod(0o755)
        return path

    def test_the_named_program_goes_before_the_path(self):
        named = self.program("2.15.0").rename(self.folder / "my server")
        self.program("2.16.0")
        environment = {"NATS_SERVER_BIN": str(named), "PATH": str(self.folder)}
        self.assertEqual(nats_server.find_server(environment), named)

    def test_a_named_program_that_is_not_there_is_an_error_with_all_the_ways(self):
        with self.assertRaises(nats_server.NotAvailable) as caught:
            nats_server.find_server({"NATS_SERVER_BIN": "/nowhere/nats-server"})
        text = str(caught.exception)
        self.assertIn("'/nowhere/nats-server'", text)
        for way in ("NATS_URL", "NATS_SERVER_BIN", "PATH", "pip", "docker"):
            self.assertIn(f"\n  {way}", text)

    def test_a_new_enough_program_in_the_path_is_taken(self):
        path = self.program("2.15.0")
        self.assertEqual(nats_server.find_server({"PATH": str(self.folder)}), path)

    def test_an_older_program_in_the_path_is_passed_over(self):
        self.program("2.14.9")
        home = self.folder / "home"
        ready_venv(home / "server", nats_server.PROJECT / "scripts/requirements-nats.txt")
        found = nats_server.find_server({"PATH": str(self.folder)}, home)
        self.assertEqual(found, home / "server/bin/nats-server")


class EnsureVenv(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="with space ")
        self.addCleanup(folder.cleanup)
        self.target = Path(folder.name) / "home/env"
        self.requirements = Path(folder.name) / "requirements.txt"
        self.requirements.write_text("# nothing\n", encoding="utf-8")

    def test_two_at_once_build_it_once_and_both_succeed(self):
        code = (
            "import pathlib, sys, nats_server\n"
            "nats_server.ensure_venv(*map(pathlib.Path, sys.argv[1:]))"
        )
        command = [sys.executable, "-c", code, str(self.target), str(self.requirements)]
        both = [subprocess.Popen(command, cwd=SCRIPTS) for _ in range(2)]
        self.assertEqual([process.wait() for process in both], [0, 0])
        self.assertTrue(nats_server.is_ready(self.target, self.requirements))
        self.assertEqual(sorted(os.listdir(self.target.parent)), ["env", "lock"])

    def test_other_requirements_make_it_stale(self):
        ready_venv(self.target, self.requirements)
        self.assertTrue(nats_server.is_ready(self.target, self.requirements))
        self.requirements.write_text("# something else\n", encoding="utf-8")
        self.assertFalse(nats_server.is_ready(self.target, self.requirements))

    def test_a_requirement_without_hash_is_refused_and_leaves_nothing_that_looks_ready(self):
        self.requirements.write_text("nats-py==2.16.0\n", encoding="utf-8")
        said = io.StringIO()
        with contextlib.redirect_stderr(said), self.assertRaises(nats_server.NotAvailable):
            nats_server.ensure_venv(self.target, self.requirements)
        self.assertIn("hash", said.getvalue().lower())
        self.assertFalse(self.target.exists())


def ready_venv(target, requirements):
    """What a finished build leaves, without the time that building one takes."""
    (target / "bin").mkdir(parents=True)
    (target / "bin/python").symlink_to(sys.executable)
    (target / "requirements.txt").write_bytes(requirements.read_bytes())


if __name__ == "__main__":
    unittest.main()
