"""Asks a run as any outside program would, with nats-py and nothing of ours.

Usage: ask.py NATS_URL CLIENT RUN VERB COMMAND_ID BODY. Publishes BODY as a command of CLIENT
and prints the one reply to it.
"""

import asyncio
import sys

import nats

QUESTIONS = ("interview", "batch_interview", "cancel")


async def main(url, client, run, verb, command_id, body):
    connection = await nats.connect(url)
    stream = connection.jetstream()
    replies = await stream.subscribe(f"sim.replies.{client}.{run}.{command_id}", ordered_consumer=True)
    kind = "questions" if verb in QUESTIONS else "commands"
    await stream.publish(f"sim.{kind}.{run}.{verb}.{client}.{command_id}", body.encode())
    reply = await replies.next_msg(timeout=60)
    print(reply.data.decode())
    await connection.close()


asyncio.run(main(*sys.argv[1:]))
