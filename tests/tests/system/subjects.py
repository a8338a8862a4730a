"""Prints every subject of every stream and how many messages it has, as JSON, with nats-py.

Usage: subjects.py NATS_URL
"""

import asyncio
import json
import sys

import nats


async def main(url):
    connection = await nats.connect(url)
    stream = connection.jetstream()
    subjects = {}
    for info in await stream.streams_info():
        info = await stream.stream_info(info.config.name, subjects_filter=">")
        subjects.update(info.state.subjects or {})
    print(json.dumps(subjects))
    await connection.close()


asyncio.run(main(*sys.argv[1:]))
