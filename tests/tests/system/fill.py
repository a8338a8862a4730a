"""Fills and empties the stream of actions, and waits for log lines, with nats-py.

Usage: fill.py NATS_URL fill | empty | await RUN TEXT SECONDS
  fill   publishes frames of a run `filler-1` until the server refuses one for want of room
  empty  removes them again
  await  follows the log of RUN until a line has TEXT, SECONDS after the first such line
"""

import asyncio
import datetime
import json
import sys

import nats
from nats.js.errors import APIError

FILLER = "sim.actions.filler-1.twitter"


async def main(url, wish, *more):
    connection = await nats.connect(url)
    stream = connection.jetstream()
    if wish == "fill":
        await fill(stream)
    elif wish == "empty":
        await stream.purge_stream("SIM_ACTIONS", subject=FILLER)
    else:
        await await_line(stream, *more)
    await connection.close()


async def fill(stream):
    for size in (512 * 1024, 16 * 1024, 64):
        try:
            while True:
                await stream.publish(FILLER, b"x" * size)
        except APIError as refusal:
            print(refusal.description)


async def await_line(stream, run, text, seconds):
    lines = await stream.subscribe(f"sim.logs.{run}", ordered_consumer=True)
    first = None
    while True:
        message = json.loads((await lines.next_msg(timeout=60)).data)
        if text in message["line"]:
            at = datetime.datetime.fromisoformat(message["at"].replace("Z", "+00:00"))
            first = first or at
            if (at - first).total_seconds() >= float(seconds):
                return


asyncio.run(main(*sys.argv[1:]))
