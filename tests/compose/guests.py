"""The programs of clients/python, run as a guest: with the interviewer's key and nothing else.

They run here, beside the containers, and reach nats-server at its address on the network `bus`,
which leads nowhere but to whoever is the machine itself.
"""

import json
import os
import subprocess
import sys
import time

from composed import PROJECT, Failed, is_ours, say
from engine import NoEngine

sys.path.insert(0, str(PROJECT / "scripts"))

import nats_server  # noqa: E402

ROLE = "interviewer"
PATIENCE_SECONDS = 90
# Publishes on subjects, and prints for each what the server says against it: null for nothing.
PUBLISH = """
import asyncio, json, os, sys, nats

async def main(subjects):
    said = asyncio.Queue()
    connection = await nats.connect(
        os.environ["NATS_URL"], nkeys_seed=os.environ["NATS_NKEY"],
        inbox_prefix=os.environ["NATS_INBOX_PREFIX"], error_cb=said.put,
    )
    for subject in subjects:
        await connection.publish(subject, b"{}")
        try:
            answer = str(await asyncio.wait_for(said.get(), 10))
        except asyncio.TimeoutError:
            answer = None
        print(json.dumps({"subject": subject, "said": answer}))
    await connection.close()

asyncio.run(main(sys.argv[1:]))
"""


def prepare():
    """Makes the environment that has nats-py, while a registry can be reached."""
    try:
        nats_server.find_python()
    except nats_server.NotAvailable as problem:
        raise NoEngine(f"no nats-py to ask with: {problem}") from problem


def expect_answer(composed, run_id, agent, question):
    """Asks an agent over the bus, as somebody who may do nothing else."""
    began = time.monotonic()
    program = PROJECT / "clients/python/ask.py"
    reply = json.loads(run(composed, program, run_id, agent, question))
    result = reply["outcome"].get("result") or {}
    if result.get("type") != "interview" or result["agent_id"] != agent:
        raise Failed(f"agent {agent} was asked by the {ROLE}, and the reply is {reply}")
    said = [
        result[platform]["response"] for platform in ("twitter", "reddit") if platform in result
    ]
    if not said or not all(said) or result["prompt"] != question:
        raise Failed(f"the {ROLE} asked {question!r}, and the reply is {reply}")
    took = time.monotonic() - began
    say(f"agent {agent} answers the {ROLE} over the bus in {took:.2f} s: {said[0][:90]!r}")


def expect_refusals(composed, run_id):
    """Who only asks cannot stop the run, ask as somebody else, or answer."""
    refused = [
        f"sim.commands.{run_id}.stop.{ROLE}.q1",
        f"sim.questions.{run_id}.interview.cli.q1",
        f"sim.replies.{ROLE}.{run_id}.q1",
    ]
    for line in run(composed, "-c", PUBLISH, *refused).splitlines():
        answer = json.loads(line)
        subject, said = answer["subject"], answer["said"]
        if f'permissions violation for publish to "{subject}"' not in (said or "").lower():
            raise Failed(f"the {ROLE} publishes on {subject}, and the server says {said}")
    say(f"the {ROLE} may publish no command, no question of others and no reply")


def run(composed, *arguments):
    """What a program of Python prints that comes to the bus with the guest's key."""
    (nats,) = composed.containers("nats")
    networks = composed.inspect(nats)["NetworkSettings"]["Networks"]
    address = networks[f"{composed.name}_bus"]["IPAddress"]
    try:
        done = subprocess.run(
            [nats_server.find_python(), *map(str, arguments)],
            env={
                **{name: value for name, value in os.environ.items() if not is_ours(name)},
                "NATS_URL": f"nats://{address}:4222",
                "NATS_NKEY": str(composed.secrets / f"{ROLE}.nk"),
                "NATS_INBOX_PREFIX": f"_INBOX_{ROLE}",
            },
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            timeout=PATIENCE_SECONDS,
        )
    except subprocess.TimeoutExpired as problem:
        raise Failed(f"{arguments[0]} as {ROLE} takes more than {problem.timeout} s") from problem
    if done.returncode != 0:
        raise Failed(f"{arguments[0]} as {ROLE} failed: {done.stderr.strip()[-2000:]}")
    return done.stdout.strip()
