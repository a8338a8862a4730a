"""Secrets are made once, and nobody else can read them."""

import io
import os
import stat
import sys
import tempfile
import unittest
from contextlib import redirect_stdout
from pathlib import Path
from unittest import mock

import make_secrets
import nkeys


class MakeSecretsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name) / "secrets"

    def test_what_is_there_stays(self):
        self.assertTrue(all(is_new for _, is_new in make_secrets.make(self.folder, False)))
        first = {path.name: path.read_text() for path in self.folder.iterdir()}
        self.assertEqual(set(first), {*make_secrets.SECRETS, make_secrets.RIGHTS})
        self.assertEqual(len(set(first.values())), len(first), "no two are the same")
        keys = (self.folder / make_secrets.RIGHTS).read_text()
        self.assertNotIn("_KEY", keys, "every key is known")
        for role in make_secrets.ROLES:
            self.assertIn(nkeys.public_key(first[f"{role}.nk"]), keys)
            self.assertNotIn(first[f"{role}.nk"].strip(), keys)
        self.assertFalse(any(is_new for _, is_new in make_secrets.make(self.folder, False)))
        (self.folder / "http-token").unlink()
        self.assertEqual(
            [name for name, is_new in make_secrets.make(self.folder, False) if is_new],
            ["http-token"],
        )
        second = {path.name: path.read_text() for path in self.folder.iterdir()}
        self.assertNotEqual(first.pop("http-token"), second.pop("http-token"))
        self.assertEqual(first, second)

    def test_a_token_is_one_that_the_launcher_takes(self):
        make_secrets.make(self.folder, False)
        token = (self.folder / "http-token").read_text().removesuffix("\n")
        self.assertGreaterEqual(len(token), 32)
        self.assertTrue(token.isascii() and token.isprintable() and " " not in token)

    def test_only_the_owner_gets_into_the_folder(self):
        make_secrets.make(self.folder, False)
        self.assertEqual(stat.S_IMODE(self.folder.stat().st_mode), 0o700)
        for path in self.folder.iterdir():
            self.assertEqual(stat.S_IMODE(path.stat().st_mode), 0o444)
        # A folder that somebody had opened is closed again.
        self.folder.chmod(0o755)
        make_secrets.make(self.folder, False)
        self.assertEqual(stat.S_IMODE(self.folder.stat().st_mode), 0o700)

    @unittest.skipUnless(os.geteuid() == 0, "only root gives files away")
    def test_root_gives_them_to_the_user_of_the_containers_alone(self):
        make_secrets.make(self.folder, True)
        for name in make_secrets.SECRETS:
            found = (self.folder / name).stat()
            self.assertEqual(stat.S_IMODE(found.st_mode), 0o440)
            self.assertEqual((found.st_uid, found.st_gid), (65532, 65532))

    def test_nothing_of_a_secret_is_printed(self):
        output = io.StringIO()
        arguments = ["make_secrets.py", str(self.folder)]
        with mock.patch.object(sys, "argv", arguments), redirect_stdout(output):
            self.assertEqual(make_secrets.main(), 0)
        for path in self.folder.iterdir():
            self.assertIn(path.name, output.getvalue())
            self.assertNotIn(path.read_text().strip(), output.getvalue())

    def test_everything_in_the_way_is_named_at_once(self):
        (self.folder / "http-token").mkdir(parents=True)
        (self.folder / "grafana-password").touch()
        with self.assertRaises(make_secrets.Unfit) as refusal:
            make_secrets.make(self.folder, False)
        self.assertIn("http-token: found a folder", str(refusal.exception))
        self.assertIn("grafana-password: found nothing in it", str(refusal.exception))


if __name__ == "__main__":
    unittest.main()
