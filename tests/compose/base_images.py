"""The images that our Dockerfile begins with, made here where no registry has them.

That of nats-server is busybox and the server that the other tests have, under the name that the
Dockerfile gives. It stands for an image that runs, not for every file of the real one.
"""

import io
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(PROJECT / "scripts"))

import nats_server  # noqa: E402  (the path above is what makes it known)

NATS = re.compile(r"^FROM (nats:\S+)", re.MULTILINE)


class Unavailable(Exception):
    """Something to make them of is not there."""


def nats_image():
    """The name of the image with a nats-server, as the Dockerfile has it."""
    return NATS.search((PROJECT / "Dockerfile").read_text(encoding="utf-8")).group(1)


def provide(engine):
    """Sees to it that the image is there; true if it was made, and is to be removed again."""
    name = nats_image()
    if engine.docker("image", "inspect", name, "--format", "{{.Id}}", check=False):
        return False
    # One of our own has no way out to any registry.
    if engine.own is None and engine.docker("pull", name, check=False):
        return False
    engine.docker(
        "import", "--change", 'ENTRYPOINT ["nats-server"]', "-", name, given=archive()
    )
    return True


def check():
    """What they are made of; raises if something is missing. Installs the server if need be."""
    try:
        return static_busybox(), nats_server.find_server()
    except nats_server.NotAvailable as problem:
        raise Unavailable(f"no nats-server: {problem}") from problem


def archive():
    """The files of the image."""
    busybox, server = check()
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w") as tar:
        for folder in ("tmp", "etc", "var", "usr", "usr/local", "usr/local/bin", "bin"):
            entry = tarfile.TarInfo(folder)
            entry.type = tarfile.DIRTYPE
            entry.mode = 0o1777 if folder == "tmp" else 0o755
            tar.addfile(entry)
        for path, name in ((busybox, "bin/busybox"), (server, "usr/local/bin/nats-server")):
            tar.add(path, name, filter=as_root)
        said = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True)
        for applet in said.stdout.split():
            if applet != "busybox":
                entry = tarfile.TarInfo(f"bin/{applet}")
                entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(entry)
    return output.getvalue()


def as_root(entry):
    """Ours, whoever it belongs to here, and to be run by anybody."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    entry.mode = 0o755
    return entry


def static_busybox():
    """A busybox that needs no library."""
    path = shutil.which("busybox")
    # The file says which program is to load its libraries; a static one says none.
    if path and b"/ld-linux" not in Path(path).read_bytes()[:4096]:
        return path
    raise Unavailable("no static busybox: on Debian the package busybox-static")
