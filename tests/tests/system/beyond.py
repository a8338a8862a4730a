"""Brings the numbers of the stream of commands beyond what it ever had, with nats-py.

Usage: beyond.py NATS_URL SEQUENCE. Purges SIM_COMMANDS up to SEQUENCE, which may be beyond its end,
and prints where it begins then, and how many messages it has.
"""

import asyncio
import sys

import nats


async def main(url, sequence):
    connection = await nats.connect(url)
    stream = connection.jetstream()
    await stream.purge_stream("SIM_COMMANDS", seq=int(sequence))
    state = (await stream.stream_info("SIM_COMMANDS")).state
    print(state.first_seq, state.messages)
    await connection.close()


asyncio.run(main(*sys.argv[1:]))
