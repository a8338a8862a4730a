"""Asks who is there as `nats micro` does, with nats-py and nothing of ours.

Usage: discover.py NATS_URL COUNT SUBJECT... Prints, for each subject, the COUNT answers to it as one
line of JSON.
"""

import asyncio
import json
import sys

import nats

PATIENCE = 30


async def main(url, count, *subjects):
    connection = await nats.connect(url)
    for subject in subjects:
        inbox = connection.new_inbox()
        answers = await connection.subscribe(inbox)
        await connection.publish(subject, b"", reply=inbox)
        print(json.dumps([await answer(answers) for _ in range(int(count))]))
        await answers.unsubscribe()
    await connection.close()


async def answer(answers):
    message = await answers.next_msg(timeout=PATIENCE)
    if message.headers:
        sys.exit(f"found no service, expected more: {message.headers}")
    return json.loads(message.data)


asyncio.run(main(*sys.argv[1:]))
