#!/usr/bin/env python3
"""docker-compose.yml as an operator uses it, on a real engine: `make compose-test`.

    main.py             skips with the reason where no engine runs and none can be started
    main.py --required  fails there
    main.py --cluster   with three servers, of which one is killed too

Builds the images, brings the core profile up with two simulators, starts a sample over HTTP from
outside, asks one of its agents, over HTTP and over the bus as a guest, kills the container that
plays it, sees the other one finish it, holds the memory against the run, looks at what the
containers may do, and takes everything away. Needs docker with docker-compose or `docker compose`,
busybox-static, nats-py from pip, and the toolchain: the programs are compiled outside of
containers, in the profile of the other tests.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import base_images
import confinement
import engine as engines
import guests
from composed import PROJECT, Composed, Failed, compose_command, say

sys.path.insert(0, str(PROJECT / "scripts"))

import make_secrets  # noqa: E402

SAMPLE = "lantern-pier"
# Rounds a second: slow enough to be asked and killed in the middle.
PACE = 3
AGENT = 18
QUESTION = "Whose piles are in the photographs?"
RUN_SECONDS = 180
MEMORY_SECONDS = 60
HEALTH_SECONDS = 60
POLL_SECONDS = 0.2


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--required", action="store_true", help="fail where it cannot be tried")
    parser.add_argument("--cluster", action="store_true", help="with deploy/cluster.env")
    arguments = parser.parse_args()
    sys.stdout.reconfigure(line_buffering=True)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(128 + signal.SIGTERM))
    engine = None
    try:
        engine = engines.find(Path(__file__).resolve(), prepare)
        with tempfile.TemporaryDirectory(prefix="shoal-compose-") as folder:
            test(engine, Path(folder), arguments.cluster)
    except (engines.NoEngine, base_images.Unavailable) as reason:
        print(f"{'error' if arguments.required else 'skipped'}: {reason}")
        return 1 if arguments.required else 0
    except (Failed, RuntimeError, OSError, subprocess.CalledProcessError) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    finally:
        if engine:
            engine.close()
    return 0


def prepare():
    """What needs the registries."""
    command, _ = compose_command(os.environ)
    if not command:
        raise engines.NoEngine("neither `docker compose` nor `docker-compose` is there")
    base_images.check()
    guests.prepare()
    say("compiling the programs, linked statically")
    subprocess.run(
        [PROJECT / "deploy/image.sh", ".image"], cwd=PROJECT, check=True,
        env={**os.environ, "PROFILE": os.environ.get("PROFILE") or "dev"},
    )


def test(engine, folder, cluster):
    command, version = compose_command(engine.environment)
    print(f"compose: {version}")
    composed = Composed(engine, command, folder, free_port(), cluster)
    made = base_images.provide(engine)
    try:
        play(composed)
        say("taking everything away")
        left = composed.down()
        if left:
            raise Failed("left behind: " + "; ".join(left))
    except BaseException:
        print(composed.logs())
        composed.down()
        raise
    finally:
        if made:
            engine.docker("image", "rm", "-f", base_images.nats_image(), check=False)
    say("all of it passed")


def play(composed):
    """Everything between up and down."""
    say("making the secrets")
    make_secrets.make(composed.secrets, as_root=os.geteuid() == 0)
    say("building the images")
    # Any image with a shell will do, since the programs are there.
    composed.environment["SHOAL_COMPILER"] = base_images.nats_image()
    # All services of ours have the same one.
    composed.run("build", "nats", "launcher")
    show_image(composed)
    say("up, with two simulators")
    composed.run("up", "-d", "--scale", "simulator=2")
    composed.wait_healthy(scale=2)
    say(f"healthy: {', '.join(sorted(composed.states()))}")
    expect_edge_guarded(composed)
    expect_copies(composed)
    confinement.expect_networks(composed)
    expect_health_true(composed)
    run_id = composed.data(
        "POST", "/api/simulation/start", {"simulation_id": SAMPLE, "pace": PACE}
    )["run_id"]
    say(f"started {run_id} over HTTP, at {PACE} rounds a second")
    ask_as_guest(composed, run_id)
    killed = kill_half_way(composed, run_id)
    finish(composed, run_id, killed)
    remembered(composed, run_id)
    say(composed.shoal("verify", run_id).strip().splitlines()[-1])
    stop(composed)


def show_image(composed):
    name = composed.environment["SHOAL_IMAGE"]
    size = int(composed.engine.docker("image", "inspect", name, "--format", "{{.Size}}"))
    say(f"the image of the services has {size / 1e6:.0f} MB")


def expect_edge_guarded(composed):
    """Without the token nobody is told anything; the port of the bus is nowhere to be found."""
    status, _ = composed.http("GET", "/api/simulation/list", token=False)
    if status != 401:
        raise Failed(f"without the token the edge answers {status}, expected 401")
    status, ready = composed.http("GET", "/readyz", token=False)
    if status != 200:
        raise Failed(f"/readyz: {status} {ready}")
    for service in ("nats", "simulator", "memory-sink"):
        for container in composed.containers(service):
            published = composed.engine.docker("port", container)
            if published:
                raise Failed(f"{service} publishes {published}")
    say("the edge wants the token, and nothing else is published")


def expect_copies(composed):
    """Each stream is on as many servers as there are."""
    (nats,) = composed.containers("nats")
    servers = sum(name.startswith("nats") for name in composed.services)
    said = composed.engine.docker(
        "exec", nats, "wget", "-q", "-O", "-", "http://127.0.0.1:8222/jsz?streams=1&config=1"
    )
    copies = {
        stream["name"]: stream["config"]["num_replicas"]
        for account in json.loads(said)["account_details"]
        for stream in account["stream_detail"]
    }
    if not copies or set(copies.values()) != {servers}:
        raise Failed(f"{servers} servers keep {copies}")
    say(f"{len(copies)} streams, each on {servers} of {servers} servers")


def expect_health_true(composed):
    """A service is well while it does its work, and at no other time."""
    services = ("launcher", "simulator", "memory-sink")
    names = [name for name in composed.services if name.startswith("nats")]
    servers = [container for name in names for container in composed.containers(name)]
    for action, expected in (("pause", False), ("unpause", True)):
        composed.engine.docker(action, *servers)
        began = time.monotonic()
        for service in services:
            for container in composed.containers(service):
                while composed.is_well(container, service) != expected:
                    if time.monotonic() - began > HEALTH_SECONDS:
                        found = f"well: {not expected}, {HEALTH_SECONDS} s after `{action} nats`"
                        raise Failed(f"{service} is {found}")
        say(f"each service says so {time.monotonic() - began:.1f} s after `{action} nats`")


def ask_as_guest(composed, run_id):
    """Once there is something to be asked about: with a key of the bus, which may do that alone."""
    wait_for(composed, run_id, lambda state: state["current_round"] > 0)
    guests.expect_answer(composed, run_id, AGENT, QUESTION)
    guests.expect_refusals(composed, run_id)
    state = state_of(composed, run_id)
    if state["status"] != "running":
        raise Failed(f"{run_id} is {state['status']} after the guest has asked, expected running")


def kill_half_way(composed, run_id):
    """Asks an agent in the middle of the run, and kills the container that plays it."""
    wait_for(composed, run_id, lambda state: state["current_round"] * 3 >= state["total_rounds"])
    began = time.monotonic()
    answer = composed.data(
        "POST",
        "/api/simulation/interview",
        {"simulation_id": run_id, "agent_id": AGENT, "prompt": QUESTION},
    )
    said = next(iter(answer["result"]["platforms"].values()))["response"]
    say(f"agent {AGENT} answers in {time.monotonic() - began:.2f} s: {said[:90]!r}")
    holders = [it for it in composed.containers("simulator") if has_worker(composed, it)]
    if len(holders) != 1:
        raise Failed(f"{len(holders)} simulators play {run_id}, expected one")
    # Now that there is a worker too.
    confinement.expect_confined(composed)
    at = state_of(composed, run_id)
    if at["status"] != "running":
        raise Failed(f"{run_id} is {at['status']} before the kill, expected running")
    composed.engine.docker("kill", holders[0])
    say(f"killed the container that plays it, {holders[0][:12]}, in round {at['current_round']}")
    for server in composed.containers("nats-2"):
        composed.engine.docker("kill", server)
        say("killed one server of three")
    return holders[0], time.monotonic(), at["current_round"]


def has_worker(composed, container):
    return " worker " in composed.engine.docker("top", container, "-o", "pid,args")


def finish(composed, run_id, killed):
    """The run goes on in the other container, to its end."""
    container, when, at = killed
    wait_for(composed, run_id, lambda state: state["current_round"] > at + 1)
    say(f"played on after {time.monotonic() - when:.1f} s")
    holders = [it for it in composed.containers("simulator") if has_worker(composed, it)]
    if not holders or container in holders:
        raise Failed(f"{run_id} is played by {holders}, expected by the container that is left")
    state = wait_for(composed, run_id, lambda state: state["status"] == "completed")
    if state["current_round"] != state["total_rounds"]:
        raise Failed(f"completed after {state['current_round']} of {state['total_rounds']} rounds")
    say(f"completed after {state['total_rounds']} rounds, on {holders[0][:12]}")


def remembered(composed, run_id):
    """Each action that a memory takes is in it, and none more."""
    worlds = composed.shoal("status", run_id, "--json")
    wanted = sum(world["memorable"] for world in json.loads(worlds)["platforms"])
    deadline = time.monotonic() + MEMORY_SECONDS
    while True:
        found = json.loads(composed.shoal("memory", "stats", run_id, "--json"))["episodes"]
        if found == wanted > 0:
            say(f"the memory has all {found} actions that it takes")
            return
        if time.monotonic() > deadline or found > wanted:
            raise Failed(f"the memory has {found} episodes, expected {wanted}")
        time.sleep(1)


def stop(composed):
    """Asked to, each service ends by itself, in its grace."""
    took = []
    for service in ("launcher", "simulator", "memory-sink", "nats"):
        if service == "nats" and "nats-2" in composed.services:
            # With one of three gone, the first that stops ends the majority.
            continue
        containers = composed.containers(service)
        began = time.monotonic()
        composed.run("stop", service)
        took.append(f"{service} in {time.monotonic() - began:.1f} s")
        for container in containers:
            code = composed.inspect(container)["State"]["ExitCode"]
            # nats-server ends with 1 where a signal asked it to.
            if code not in ((0, 1) if service == "nats" else (0,)):
                raise Failed(f"{service} ended with exit code {code} when it was asked to stop")
    say(f"stopped by themselves: {', '.join(took)}")


def state_of(composed, run_id):
    return composed.data("GET", f"/api/simulation/{run_id}/run-status")


def wait_for(composed, run_id, condition):
    """The state of the run once it is so."""
    deadline = time.monotonic() + RUN_SECONDS
    while not condition(state := state_of(composed, run_id)):
        if state["status"] in ("failed", "stopped", "closed"):
            raise Failed(f"{run_id} is {state['status']}: {state}")
        if time.monotonic() > deadline:
            raise Failed(f"{run_id} does not get on: {state}")
        time.sleep(POLL_SECONDS)
    return state


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    sys.exit(main())
