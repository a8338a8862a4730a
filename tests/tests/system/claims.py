"""Prints why each owner claimed the Twitter world of a run, in order, as JSON, with nats-py.

Usage: claims.py NATS_URL RUN
"""

import asyncio
import json
import sys

import nats


async def main(url, run):
    connection = await nats.connect(url)
    stream = connection.jetstream()
    subscription = await stream.subscribe(f"sim.inputs.{run}.twitter", ordered_consumer=True)
    claims, pending = [], 1
    while pending > 0:
        message = await subscription.next_msg(timeout=30)
        pending = message.metadata.num_pending
        record = json.loads(message.data)["record"]
        if record["type"] == "claim":
            claims.append(record["why"])
    print(json.dumps(claims))
    await connection.close()


asyncio.run(main(*sys.argv[1:]))
