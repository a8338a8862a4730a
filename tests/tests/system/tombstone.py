"""Writes the tombstone of a run for a command that is stored, and removes half of the run, with
nats-py: what a launcher leaves that dies in the middle.

Usage: tombstone.py NATS_URL COMMAND_SUBJECT
"""

import asyncio
import json
import sys

import nats


async def main(url, command):
    connection = await nats.connect(url)
    stream = connection.jetstream()
    run = command.split(".")[2]
    subject = f"sim.env-status.{run}"
    last = await stream.get_last_msg("SIM_ENV_STATUS", subject)
    status = json.loads(last.data)
    status |= {"status": "deleted", "alive": False, "held": False, "epoch": status["epoch"] + 1}
    headers = {
        "Shoal-Deleted-By": command,
        "Nats-Expected-Last-Subject-Sequence": str(last.seq),
    }
    await stream.publish(subject, json.dumps(status).encode(), headers=headers)
    await stream.purge_stream("SIM_INPUTS", subject=f"sim.inputs.{run}.>")
    await stream.purge_stream("SIM_ACTIONS", subject=f"sim.actions.{run}.twitter")
    await connection.close()


asyncio.run(main(*sys.argv[1:]))
