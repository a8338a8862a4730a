"""Fills and empties a stream, and waits for log lines, with nats-py.

Usage: fill.py NATS_URL fill [actions | inputs] | empty [actions | inputs] | await RUN TEXT SECONDS
  fill   publishes messages of a run `filler-1` until the server refuses one for want of room;
         without a stream, to that of actions
  empty  removes them again
  await  follows the log of RUN until a line has TEXT, SECONDS after the first such line
"""

import asyncio
import datetime
import json
import sys

import nats
from nats.js.errors import APIError


async def main(url, wish, *more):
    connection = await nats.connect(url)
    stream = connection.jetstream()
    if wish == "await":
        await await_line(stream, *more)
    else:
        kind = more[0] if more else "actions"
        filler = f"sim.{kind}.filler-1.twitter"
        if wish == "fill":
            await fill(stream, filler)
        else:
            await stream.purge_stream(f"SIM_{kind.upper()}", subject=filler)
    await connection.close()


async def fill(stream, filler):
    for size in (512 * 1024, 16 * 1024, 64):
        try:
            while True:
                await stream.publish(filler, b"x" * size)
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
