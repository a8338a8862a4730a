"""docker-compose.yml, brought up under a name of its own, and what can be seen of it."""

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
# What runs once everything is up; `provision` has ended by then.
SERVICES = ("nats", "launcher", "simulator", "memory-sink")
MORE_OF_CLUSTER = ("nats-2", "nats-3")
HEALTHY_SECONDS = 120
BEGAN = time.monotonic()


class Failed(Exception):
    """Something is not as it should be."""


def compose_command(environment):
    """`docker compose` or `docker-compose`, whichever is there; None where neither is."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if not shutil.which(command[0]):
            continue
        done = subprocess.run(
            [*command, "version"], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode == 0:
            return command, done.stdout.splitlines()[0]
    return None, None


def say(text):
    """What is done, and when."""
    print(f"{time.monotonic() - BEGAN:6.1f} s  {text}")


class Composed:
    """The stack of one test: its own project, images, secrets and port."""

    def __init__(self, engine, command, folder, port, cluster=False):
        self.engine = engine
        self.command = command
        self.name = f"shoal-test-{os.getpid()}"
        self.port = port
        self.secrets = folder / "secrets"
        self.services = SERVICES + (MORE_OF_CLUSTER if cluster else ())
        settings = PROJECT / "deploy/cluster.env"
        if not cluster:
            # None, and not those of a file that lies about here.
            settings = folder / "empty.env"
            settings.write_text("", encoding="utf-8")
        self.files = ["-f", str(PROJECT / "docker-compose.yml"), "--env-file", str(settings)]
        self.environment = {
            **{key: value for key, value in engine.environment.items() if not is_ours(key)},
            "SHOAL_IMAGE": f"{self.name}:services",
            "SHOAL_BUS_IMAGE": f"{self.name}:bus",
            "SHOAL_SECRETS_DIR": str(self.secrets),
            "SHOAL_HTTP_PORT": str(port),
            # Its own way to build needs no plug-in of the client.
            "COMPOSE_DOCKER_CLI_BUILD": "0",
        }

    def run(self, *arguments, check=True):
        """What `docker-compose ...` prints on standard output."""
        command = [*self.command, "-p", self.name, *self.files, *map(str, arguments)]
        done = subprocess.run(
            command, env=self.environment, cwd=PROJECT, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )
        if check and done.returncode != 0:
            shown = " ".join([*self.command, *map(str, arguments)])
            raise Failed(f"`{shown}` failed:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        return done.stdout

    def shoal(self, *arguments):
        """What the command line prints, in a container of its own."""
        return self.run("run", "--rm", "-T", "shoal", *arguments)

    def containers(self, service, all_states=False):
        """The ids of the containers of a service, in the order of their names."""
        label = f"label=com.docker.compose.project={self.name}"
        of = f"label=com.docker.compose.service={service}"
        options = ["-a"] if all_states else []
        listed = self.engine.docker(
            "ps", *options, "--no-trunc", "--filter", label, "--filter", of,
            "--format", "{{.Names}} {{.ID}}",
        )
        return [line.split()[1] for line in sorted(listed.splitlines())]

    def inspect(self, container):
        return json.loads(self.engine.docker("inspect", container))[0]

    def wait_healthy(self, scale):
        """Until each container says that it is; `scale` is how many simulators there are."""
        deadline = time.monotonic() + HEALTHY_SECONDS
        while True:
            states = self.states()
            wanted = len(self.services) - 1 + scale
            if len(states) == wanted and all(state == "healthy" for state in states.values()):
                return
            if time.monotonic() > deadline or "started again" in states.values():
                raise Failed(f"not healthy within {HEALTHY_SECONDS} s: {states}")
            time.sleep(0.5)

    def states(self):
        """What each container says of its health, by its name."""
        found = {}
        for service in self.services:
            for container in self.containers(service, all_states=True):
                it = self.inspect(container)
                health = it["State"].get("Health", {}).get("Status")
                state = it["State"]["Status"]
                if it["RestartCount"] > 0:
                    state = "started again"
                found[it["Name"].strip("/")] = health if state == "running" else state
        return found

    def is_well(self, container, service):
        """What its own program says, asked in the container."""
        said = self.engine.docker("exec", container, f"shoal-{service}", "health", check=False)
        return said == "ok"

    def logs(self):
        return self.run("logs", "--no-color", "--tail", "30", check=False)

    def down(self):
        """Takes all of it away; what is left although it should not be, in words."""
        everything = ["--profile", "tools", "--profile", "cluster"]
        self.run(*everything, "down", "-v", "--remove-orphans", "-t", "20", check=False)
        docker = self.engine.docker
        label = f"label=com.docker.compose.project={self.name}"
        left = {
            "containers": docker("ps", "-aq", "--filter", label),
            "networks": docker("network", "ls", "-q", "--filter", label),
            "volumes": docker("volume", "ls", "-q", "--filter", label),
        }
        for image in (self.environment["SHOAL_IMAGE"], self.environment["SHOAL_BUS_IMAGE"]):
            docker("image", "rm", "-f", image, check=False)
        return [f"{kind}: {ids}" for kind, ids in left.items() if ids]

    def http(self, method, path, body=None, token=True):
        """The status and the JSON of an answer of the HTTP edge, asked from outside."""
        headers = {"content-type": "application/json"}
        if token:
            text = (self.secrets / "http-token").read_text(encoding="ascii").strip()
            headers["authorization"] = f"Bearer {text}"
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", method=method, headers=headers,
            data=None if body is None else json.dumps(body).encode(),
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, json.load(refusal)

    def data(self, method, path, body=None):
        """The `data` of an answer that has to be a success."""
        status, answer = self.http(method, path, body)
        if status not in (200, 202) or not answer.get("success"):
            raise Failed(f"{method} {path} was answered with {status}: {answer}")
        return answer["data"]


def is_ours(variable):
    """Whether it would change what compose makes of the file."""
    return variable.startswith(("SHOAL_", "COMPOSE_", "NATS_"))
