"""Publishes what nobody can read, with nats-py, and reads what becomes of it.

Usage: poison.py NATS_URL command [SUBJECT] | letter
  command  publishes among the commands a message whose subject names none
  letter   prints the first dead letter of the simulator, once it is there
"""

import asyncio
import sys

import nats


async def main(url, wish, subject="sim.commands.nonsense"):
    connection = await nats.connect(url)
    stream = connection.jetstream()
    if wish == "command":
        await stream.publish(subject, b"poison")
    else:
        letters = await stream.subscribe("sim.dead-letters.simulator.*", ordered_consumer=True)
        letter = await letters.next_msg(timeout=60)
        print(letter.data.decode())
    await connection.close()


asyncio.run(main(*sys.argv[1:]))
