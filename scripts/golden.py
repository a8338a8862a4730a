#!/usr/bin/env python3
"""Records the golden runs that the simulator's tests play again: `make golden`.

Starts a bus and the services, plays two runs, disturbs one of them as people and accidents do,
and writes what their journals and frames say to services/simulator/tests/golden/. Needs nats-py,
see `nats_server.py --python-env`.
"""

import asyncio
import hashlib
import json
import os
import signal
import sys
import time
from pathlib import Path

import nats
import services
from demo import Shoal
from supervisor import Interrupted, StackError, Supervisor, end_on_signals

GOLDEN = services.PROJECT / "services" / "simulator" / "tests" / "golden"
PATIENCE_SECONDS = 60
POLL_SECONDS = 0.05


def main():
    end_on_signals()
    sys.stdout.reconfigure(line_buffering=True)
    try:
        record_all()
    except (StackError, OSError) as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    except Interrupted as interruption:
        return 128 + interruption.number
    return 0


def record_all():
    # In each claim; whose machine it was is nobody's business.
    os.environ["SHOAL_NODE"] = "golden"
    with Supervisor() as supervisor:
        data = supervisor.runtime / "data"
        data.mkdir()
        nats_url = services.start_bus(supervisor, data, None, sync=None)
        http_url = services.start_services(supervisor, nats_url, data, None)
        shoal = Shoal(supervisor, nats_url, http_url)
        for name, play in (("tea-house", play_disturbed), ("night-market", play_quietly)):
            run = play(shoal)
            await_status(shoal, run, "completed", is_completed)
            sizes = asyncio.run(record(nats_url, run, GOLDEN / name))
            print(f"{name}: {sizes}")


def play_quietly(shoal):
    """A run that nobody touches."""
    return start(shoal, GOLDEN / "night-market", "--seed", "8")


def play_disturbed(shoal):
    """A run to which everything happens that a journal can tell of."""
    run = start(shoal, services.SAMPLES / "tea-house", "--seed", "11", "--pace", "2")
    await_status(shoal, run, "has begun", lambda it: least_ticks(it) >= 2)
    shoal.read("inject", run, "--agent", "3", "--text", "The hearing is moved to the school hall.")
    shoal.read("inject", run, "--agent", "7", "--text", "Who brings cups?", "--platform", "reddit")
    shoal.read("pause", run, "--reason", "lunch")
    paused = await_status(shoal, run, "is paused", lambda it: it["status"] == "paused")
    shoal.read("resume", run)
    await_status(shoal, run, "goes on", lambda it: least_ticks(it) > least_ticks(paused))
    shoal.read(
        "configure", run, "--pace", "3",
        "--set", "twitter_config.echo_chamber_strength=0.9",
        "--set", "reddit_config.viral_threshold=2",
        "--set", "time_config.agents_per_hour_max=8",
        "--set", "event_config.hot_topics=the school hall,cups",
        "--set", "agent_configs.7.stance=supportive",
        "--set", "agent_configs.2.posts_per_hour=3",
    )
    kill_worker(shoal, run)
    shoal.read("stop", run, "--reason", "seen enough")
    stopped = await_status(shoal, run, "is stopped", lambda it: it["status"] == "stopped")
    if any(world["ticks"] > world["rounds"] for world in stopped["platforms"]):
        raise StackError(f"{run} was over before it could be stopped: make it longer, or slower")
    shoal.read("resume", run)
    shoal.read("configure", run, "--pace", "0")
    return run


def kill_worker(shoal, run):
    """Kills the run's worker with SIGKILL, and waits until another one has played a round."""
    workers = [process for process in Path("/proc").glob("[0-9]*") if holds(process, shoal, run)]
    if len(workers) != 1:
        raise StackError(f"{run} has {len(workers)} workers here, expected one")
    before = status(shoal, run)
    os.kill(int(workers[0].name), signal.SIGKILL)

    def is_taken_up(now):
        return now["epoch"] > before["epoch"] and least_ticks(now) > least_ticks(before)

    await_status(shoal, run, "is taken up after its worker was killed", is_taken_up)


def holds(process, shoal, run):
    """Whether a process is a worker of this run on our bus; others may have one of that name."""
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
        environment = (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return False
    bus = f"NATS_URL={shoal.environment['NATS_URL']}"
    return words[1:4] == [b"worker", b"--run", run.encode()] and bus.encode() in environment


def start(shoal, folder, *options):
    return shoal.json("start", folder, "--memory", "none", *options)["run_id"]


def status(shoal, run):
    return shoal.json("status", run)


def await_status(shoal, run, what, is_so):
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        shoal.supervisor.check()
        now = status(shoal, run)
        if is_so(now):
            return now
        if now["status"] == "failed" or time.monotonic() > deadline:
            raise StackError(f"waited in vain until {run} {what}: {json.dumps(now)}")
        time.sleep(POLL_SECONDS)


def least_ticks(status):
    return min(world["ticks"] for world in status["platforms"])


def is_completed(status):
    return status["status"] == "completed"


async def record(nats_url, run, folder):
    """Writes spec, journals and digests of a run; returns how much that is."""
    connection = await nats.connect(nats_url)
    stream = connection.jetstream()
    sizes = {}
    digest = None
    for platform in ("twitter", "reddit"):
        journal = await read_all(stream, "SIM_INPUTS", f"sim.inputs.{run}.{platform}")
        frames = await read_all(stream, "SIM_ACTIONS", f"sim.actions.{run}.{platform}")
        digest = json.loads(journal[0])["record"]["spec_digest"]
        sizes[f"{platform}.journal.jsonl"] = b"".join(line + b"\n" for line in journal)
        sizes[f"{platform}.digests"] = digests(frames)
    spec = b"".join(await read_all(stream, "SIM_SPECS", f"sim.specs.{digest}"))
    await connection.close()
    if hashlib.sha256(spec).hexdigest() != digest:
        raise StackError(f"the spec of {run} is not what its digest says")
    sizes["spec.json"] = spec + b"\n"
    for name, content in sizes.items():
        (folder / name).write_bytes(content)
    return {name: len(content) for name, content in sizes.items()}


async def read_all(stream, name, subject):
    """The bodies of all messages of a subject, in order."""
    last = (await stream.get_last_msg(name, subject)).seq
    subscription = await stream.subscribe(subject, stream=name, ordered_consumer=True)
    bodies = []
    while True:
        message = await subscription.next_msg(timeout=PATIENCE_SECONDS)
        bodies.append(message.data)
        if message.metadata.sequence.stream == last:
            await subscription.unsubscribe()
            return bodies


def digests(frames):
    """A line for each tick: the tick, its digest, and the SHA-256 of its messages."""
    ticks = {}
    for body in frames:
        frame = json.loads(body)
        digest, hashed = ticks.setdefault(frame["tick"], (frame["digest"], hashlib.sha256()))
        hashed.update(body)
        assert digest == frame["digest"], "parts of one frame"
    return "".join(
        f"{tick} {digest} {hashed.hexdigest()}\n" for tick, (digest, hashed) in ticks.items()
    ).encode()


if __name__ == "__main__":
    sys.exit(main())
