"""Reads a run's actions as any outside program would: with a cursor by seq, so that nothing is
seen twice. Prints a line per action, `<id> <digest of its frame>`, until its standard input ends.

Usage: past_reader.py NATS_URL RUN PLATFORM
"""

import asyncio
import json
import sys

import nats


async def main(url, run, platform):
    connection = await nats.connect(url)
    stream = connection.jetstream()
    reader = await stream.subscribe(f"sim.actions.{run}.{platform}", ordered_consumer=True)
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    seen = 0
    while True:
        try:
            message = await reader.next_msg(timeout=1)
        except nats.errors.TimeoutError:
            if ended.done():
                break
            continue
        frame = json.loads(message.data)
        for action in frame["actions"]:
            if action["seq"] > seen:
                assert action["seq"] == seen + 1, f"{action['seq']} follows {seen}"
                seen = action["seq"]
                print(f"{run}.{platform}.{seen} {json.dumps(action)}", flush=True)
    await connection.close()


asyncio.run(main(*sys.argv[1:]))
