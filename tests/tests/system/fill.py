"""Fills and empties a stream, with nats-py.

Usage: fill.py NATS_URL fill | empty [actions | inputs | dead-letters]
  fill   publishes messages of a run `filler-1` until the server refuses one for want of room;
         without a stream, to that of actions
  empty  removes them again
"""

import asyncio
import sys

import nats
from nats.js.errors import APIError


async def main(url, wish, kind="actions"):
    connection = await nats.connect(url)
    stream = connection.jetstream()
    filler = f"sim.{kind}.filler-1.twitter"
    if wish == "fill":
        await fill(stream, filler)
    else:
        await stream.purge_stream(f"SIM_{kind.upper().replace('-', '_')}", subject=filler)
    await connection.close()


async def fill(stream, filler):
    for size in (512 * 1024, 16 * 1024, 64):
        try:
            while True:
                await stream.publish(filler, b"x" * size)
        except APIError as refusal:
            print(refusal.description)


asyncio.run(main(*sys.argv[1:]))
