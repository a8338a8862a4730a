#!/usr/bin/env python3
"""Makes the secrets that docker-compose.yml hands to containers, as files.

    make_secrets.py [FOLDER]     default deploy/secrets

What is there stays, so it may be run again at any time; remove a file and run it again for a new
one. No secret is ever printed.

In the containers everybody is user 65532. Run by root, the files are that user's, and only it and
its group can read them. Run by anybody else, who can give no file away, each can be read by whoever
gets as far as to it, and only the owner of the folder gets into that.
"""

import argparse
import os
import secrets
import sys
from pathlib import Path

import nkeys

PROJECT = Path(__file__).resolve().parent.parent
# The user of the services, see Dockerfile.
USER = 65532
RANDOM_BYTES = 32

SECRETS = {
    "http-token": "what is sent to the HTTP edge, as `Authorization: Bearer`",
    "grafana-password": "that of Grafana's admin (profile observability)",
}
# Users of the bus: each has a key, and the server knows which is whose.
ROLES = [
    "provisioner", "launcher", "janitor", "simulator", "memory-sink", "cli", "mirror", "observer",
    "interviewer",
]
SECRETS |= {f"{role}.nk": f"the key of the {role} for the bus" for role in ROLES}
# No secret: what each may do, and by which public key the server knows it.
RIGHTS = "rights.conf"


class Unfit(Exception):
    """Something is in the way; the text names all of it."""


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=PROJECT / "deploy/secrets")
    arguments = parser.parse_args()
    try:
        for name, is_new in make(arguments.folder, as_root=os.geteuid() == 0):
            print(f"{'made' if is_new else 'kept'}  {arguments.folder / name}  {SECRETS[name]}")
        print(f"wrote {arguments.folder / RIGHTS}  what they may do, by their public keys")
    except (Unfit, OSError) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    return 0


def make(folder, as_root):
    """Makes what is missing; the name of each secret, and whether it is new."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    problems = [problem for name in SECRETS if (problem := problem_of(folder / name))]
    if problems:
        raise Unfit("\n       ".join(problems))
    made = []
    for name in SECRETS:
        is_new = not (folder / name).exists()
        if is_new:
            write(folder / name)
        # What was copied here by hand is put right as well.
        allow(folder / name, as_root)
        made.append((name, is_new))
    publish(folder)
    return made


def publish(folder):
    """Writes the rights with the public keys, the old ones or the new ones, never a part."""
    text = (PROJECT / "deploy" / RIGHTS).read_text(encoding="ascii")
    for role in ROLES:
        key = nkeys.public_key((folder / f"{role}.nk").read_text(encoding="ascii"))
        text = text.replace(f'${role.upper().replace("-", "_")}_KEY,', f"{key},")
    unfinished = folder / f".{RIGHTS}.{os.getpid()}"
    unfinished.write_text(text, encoding="ascii")
    unfinished.chmod(0o444)
    unfinished.rename(folder / RIGHTS)


def problem_of(path):
    """What is wrong with a secret that is there."""
    if path.is_symlink() or path.exists() and not path.is_file():
        # Engines make a folder where a file to hand to a container is not there.
        return f"{path}: found a folder or link, expected a file; remove it"
    if path.exists() and path.stat().st_size == 0:
        return f"{path}: found nothing in it, expected a secret; remove it"
    if path.exists() and path.suffix == ".nk":
        try:
            nkeys.public_key(path.read_text(encoding="ascii"))
        except ValueError as problem:
            return f"{path}: {problem}, expected the seed of a user; remove it"
    return None


def write(path):
    """A new secret, whole or not at all."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            is_key = path.suffix == ".nk"
            file.write((nkeys.make_seed() if is_key else secrets.token_urlsafe(RANDOM_BYTES)) + "\n")
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def allow(path, as_root):
    """Lets the containers read it, and as few others as can be."""
    if as_root:
        os.chown(path, USER, USER)
    path.chmod(0o440 if as_root else 0o444)


if __name__ == "__main__":
    sys.exit(main())
