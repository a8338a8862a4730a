"""The programs that make up a stack: the bus, and our services around it."""

import contextlib
import http.client
import json
import os
import random
import socket
import time
from pathlib import Path
from typing import NamedTuple, Optional

import nats_server
from supervisor import StackError

PROJECT = nats_server.PROJECT
SAMPLES = PROJECT / "samples"
LOOPBACK = "127.0.0.1"
READY_SECONDS = 60
POLL_SECONDS = 0.05
# In this order: whoever reads the bus is there before whoever writes it.
SERVICES = ("shoal-memory-sink", "shoal-simulator", "shoal-launcher")


class Ports(NamedTuple):
    """The loopback ports to use; None means any free one."""

    nats: Optional[int]
    http: Optional[int]


def start_bus(supervisor, data, port, sync):
    """Starts a nats-server; returns its URL once it answers. `sync`: JetStream's sync_interval."""
    try:
        program = nats_server.find_server()
    except nats_server.NotAvailable as problem:
        raise StackError(str(problem)) from problem
    config = supervisor.runtime / "nats.conf"
    config.write_text(bus_config(data / "nats", supervisor.runtime, port, sync), encoding="utf-8")
    child = supervisor.start(
        "nats-server", [program, "-c", config], {}, log_file(data, "nats-server")
    )

    def answering():
        # The file may be seen half written; then it is read again.
        with contextlib.suppress(ValueError):
            for ports in supervisor.runtime.glob("*.ports"):
                return json.loads(ports.read_text(encoding="utf-8"))["nats"][0]
        return None

    return wait_for(supervisor, answering, "nats-server did not open its port", [child])


def bus_config(store, runtime, port, sync):
    """The server chooses a free port itself where none is named, and writes it to a file."""
    sync_line = f"  sync_interval: {sync}\n" if sync else ""
    return (
        f"listen: \"{LOOPBACK}:{-1 if port is None else port}\"\n"
        f"ports_file_dir: {json.dumps(str(runtime))}\n"
        "max_payload: 8MB\n"
        "jetstream {\n"
        f"  store_dir: {json.dumps(str(store))}\n"
        f"{sync_line}"
        "}\n"
    )


def start_services(supervisor, nats_url, data, port):
    """Starts our services on a bus; returns the URL of their HTTP edge once they are ready."""
    port = port or free_port()
    environment = {
        "NATS_URL": nats_url,
        "SHOAL_HTTP_LISTEN": f"{LOOPBACK}:{port}",
        "SHOAL_REQUIRE_SERVICES": "true",
        # A start over HTTP names a folder below this one.
        "SHOAL_SIMULATIONS_DIR": os.environ.get("SHOAL_SIMULATIONS_DIR") or str(SAMPLES),
        "SHOAL_MEMORY_DIR": str(data / "memory"),
        "SHOAL_LOG": "info",
    }
    programs = [program(name) for name in SERVICES]
    children = [
        supervisor.start(name, [path], environment, log_file(data, name))
        for name, path in zip(SERVICES, programs)
    ]
    url = f"http://{LOOPBACK}:{port}"
    complaint = f"{url}/readyz did not say that the services are ready"
    wait_for(supervisor, lambda: is_ready(port), complaint, children)
    return url


def program(name):
    """A program of ours that is there."""
    path = program_path(name)
    if not path.exists():
        raise StackError(f"{path} is not there: build it with `make build`")
    return path


def program_path(name):
    """Where cargo puts a program of ours."""
    return Path(os.environ.get("CARGO_TARGET_DIR") or PROJECT / "target") / "debug" / name


def log_file(data, name):
    logs = data / "logs"
    logs.mkdir(exist_ok=True)
    return logs / f"{name}.log"


def wait_for(supervisor, condition, complaint, children):
    """Returns what `condition` returns once that is true; all services live meanwhile."""
    deadline = time.monotonic() + READY_SECONDS
    while True:
        supervisor.check()
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            logs = "\n".join(f"{child.name}{child.last_lines()}" for child in children)
            raise StackError(f"{complaint} within {READY_SECONDS} s\n{logs}")
        time.sleep(POLL_SECONDS)


def is_ready(port):
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def refuse_busy(ports, starts_bus):
    """Raises if a port that was asked for cannot be had, naming all of them at once."""
    problems = []
    if starts_bus and (problem := bind_problem(ports.nats)):
        problems.append(
            f"{problem}; set SHOAL_NATS_PORT to a free port, or NATS_URL to use the server "
            "that is there"
        )
    if problem := bind_problem(ports.http):
        problems.append(f"{problem}; set SHOAL_HTTP_PORT to a free port")
    if problems:
        raise StackError("\n       ".join(problems))


def bind_problem(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port or 0))
        except OSError as problem:
            return f"cannot listen on port {port} of {LOOPBACK}: {problem.strerror.lower()}"
    return None


def free_port():
    """A port on which nobody listens, below those (32768 and up on Linux) that outgoing connections
    get: one of them may take such a port before a service does."""
    ports = list(range(20_000, 32_768))
    random.shuffle(ports)
    for port in ports:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((LOOPBACK, port))
            return port
    raise StackError(f"no port of {LOOPBACK} from 20000 to 32767 is free; set SHOAL_HTTP_PORT")


def shorter(path):
    """As short as the path can be said from here."""
    with contextlib.suppress(ValueError):
        return path.relative_to(Path.cwd())
    return path
