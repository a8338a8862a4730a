"""A Docker engine: the one that runs here, or one of our own that nobody else notices.

Our own is `dockerd` in mount, network and process namespaces of its own, with a temporary data
folder. Its bridges, rules of the packet filter and mounts are gone with it, and it can be started
where no service manager runs, a CI job's machine for instance, if that lets root do so.
"""

import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

# Set for the process inside of the namespaces.
INSIDE = "SHOAL_ENGINE_INSIDE"
START_SECONDS = 60
NAMESPACES = ("--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")
SIOCSIFFLAGS = 0x8914
IFF_UP = 0x1


class NoEngine(Exception):
    """None runs and none can be started; the text says why."""


class Engine:
    """One that answers; `own` is the process of one that we started."""

    def __init__(self, host=None, own=None, folder=None):
        self.environment = {**os.environ, **({"DOCKER_HOST": host} if host else {})}
        self.own = own
        self.folder = folder

    def docker(self, *arguments, check=True, given=None):
        """What `docker ...` prints."""
        command = ["docker", *map(str, arguments)]
        done = subprocess.run(
            command, env=self.environment, input=given, capture_output=True, check=False
        )
        if check and done.returncode != 0:
            complaint = done.stderr.decode(errors="replace").strip()
            raise RuntimeError(f"`{' '.join(command)}` failed: {complaint}")
        return done.stdout.decode(errors="replace").strip()

    def close(self):
        """Ends the engine, if it is ours, and leaves nothing of it."""
        if self.own is None:
            return
        self.own.terminate()
        try:
            self.own.wait(30)
        except subprocess.TimeoutExpired:
            self.own.kill()
            self.own.wait()
        # What its containers had mounted is mounted in this namespace alone, and busy no longer.
        shutil.rmtree(self.folder, ignore_errors=True)


def find(script, prepare):
    """The engine that answers, else one of our own. For the second this program is executed again,
    as `script`, in namespaces; so it does not return then, but in there. `prepare` is what is to be
    done before, once there is an engine to do it for: in there no registry can be reached."""
    if INSIDE in os.environ:
        return start(Path(os.environ[INSIDE]))
    if not shutil.which("docker"):
        raise NoEngine("no `docker`: on Debian the package docker.io")
    answer = Engine().docker("info", "--format", "{{.ServerVersion}}", check=False)
    if not answer:
        refuse_without_namespaces()
    prepare()
    if not answer:
        enter_namespaces(script)
    print(f"engine: {answer}, which runs here")
    return Engine()


def refuse_without_namespaces():
    """Raises where no engine of our own can be started."""
    if sys.platform != "linux":
        raise NoEngine("no Docker engine runs here")
    for tool, package in (("dockerd", "docker.io"), ("unshare", "util-linux")):
        if not shutil.which(tool):
            raise NoEngine(f"no Docker engine runs here, and no `{tool}`: package {package}")
    if os.geteuid() != 0:
        raise NoEngine("no Docker engine runs here, and only root can start one")
    tried = subprocess.run(
        ["unshare", *NAMESPACES, "true"], capture_output=True, text=True, check=False
    )
    if tried.returncode != 0:
        raise NoEngine(f"no Docker engine runs here, and no namespaces: {tried.stderr.strip()}")


def enter_namespaces(script):
    """Becomes `script` in there."""
    folder = Path(os.environ.get("TMPDIR", "/tmp")) / f"shoal-engine-{os.getpid()}"
    sys.stdout.flush()
    os.execvpe(
        "unshare",
        ["unshare", *NAMESPACES, sys.executable, str(script), *sys.argv[1:]],
        {**os.environ, INSIDE: str(folder)},
    )


def start(folder):
    """Starts a dockerd, in namespaces that are ours."""
    raise_loopback()
    folder.mkdir(mode=0o700)
    (folder / "daemon.json").write_text("{}", encoding="utf-8")
    host = f"unix://{folder}/socket"
    with open(folder / "log", "wb") as log:
        # Nothing else is given to it: storage, cgroups and networks are as it chooses.
        own = subprocess.Popen(
            ["dockerd", "--data-root", folder / "data", "--exec-root", folder / "exec",
             "--pidfile", folder / "pid", "--config-file", folder / "daemon.json", "-H", host],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )
    engine = Engine(host, own, folder)
    try:
        print(f"engine: {wait_for(engine)}, our own")
    except BaseException:
        engine.close()
        raise
    return engine


def wait_for(engine):
    """What an engine that was started says that it is."""
    began = time.monotonic()
    wanted = "{{.ServerVersion}}, {{.Driver}}, cgroups {{.CgroupVersion}}"
    while not engine.docker("info", "--format", "{{.ServerVersion}}", check=False):
        if engine.own.poll() is not None or time.monotonic() - began > START_SECONDS:
            said = (engine.folder / "log").read_text(encoding="utf-8", errors="replace")
            raise NoEngine("dockerd does not start here:\n" + "\n".join(said.splitlines()[-15:]))
        time.sleep(0.2)
    return engine.docker("info", "--format", wanted)


def raise_loopback():
    """A new network namespace has one that is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", b"lo", IFF_UP)
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, request)
