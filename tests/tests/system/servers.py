"""Looks at the servers of a cluster.

    servers.py leader URL STREAM             prints the name of the stream's leader
    servers.py copies URL STREAM             prints on how many servers it is
    servers.py size URL STREAM               prints how large it may grow, in bytes
    servers.py gap URL STREAM SUBJECT        prints the longest time between two messages, in ms
"""

import asyncio
import sys
import uuid

import nats
from nats.js import api

NAME = f"gap_{uuid.uuid4().hex}"


async def main(what, url, stream, subject=None):
    connection = await nats.connect(url.split(","))
    jetstream = connection.jetstream(timeout=30)
    if what == "leader":
        print((await jetstream.stream_info(stream)).cluster.leader)
    elif what == "copies":
        print((await jetstream.stream_info(stream)).config.num_replicas)
    elif what == "size":
        print((await jetstream.stream_info(stream)).config.max_bytes)
    else:
        print(await gap(jetstream, stream, subject))
    await connection.close()


async def gap(jetstream, stream, subject):
    config = api.ConsumerConfig(
        name=NAME, filter_subject=subject, ack_policy=api.AckPolicy.NONE, headers_only=True
    )
    left = (await jetstream.add_consumer(stream, config)).num_pending
    messages = await jetstream.pull_subscribe_bind(consumer=NAME, stream=stream)
    longest, last = 0, None
    while left:
        for message in await messages.fetch(min(left, 256), timeout=30):
            time = message.metadata.timestamp
            longest = max(longest, (time - last).total_seconds() if last else 0)
            last, left = time, left - 1
    return round(longest * 1000)


asyncio.run(main(*sys.argv[1:]))
