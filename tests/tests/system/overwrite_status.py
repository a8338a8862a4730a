"""Writes over the state of a run, with nats-py, that the run was deleted: what another process does
that the run's worker does not know of.

Usage: overwrite_status.py NATS_URL RUN [WORD]. Another WORD than `deleted` may be one that no build
of today knows.
"""

import asyncio
import json
import sys

import nats
from nats.js.errors import APIError

WRONG_LAST_SEQUENCE = 10071


async def main(url, run, word="deleted"):
    connection = await nats.connect(url)
    stream = connection.jetstream()
    subject = f"sim.env-status.{run}"
    while True:
        last = await stream.get_last_msg("SIM_ENV_STATUS", subject)
        status = json.loads(last.data)
        status |= {"status": word, "alive": False, "held": False}
        status["epoch"] += 1
        headers = {"Nats-Expected-Last-Subject-Sequence": str(last.seq)}
        try:
            stored = await stream.publish(subject, json.dumps(status).encode(), headers=headers)
            break
        except APIError as refusal:
            # Its worker was quicker.
            if refusal.err_code != WRONG_LAST_SEQUENCE:
                raise
    print(stored.seq)
    await connection.close()


asyncio.run(main(*sys.argv[1:]))
