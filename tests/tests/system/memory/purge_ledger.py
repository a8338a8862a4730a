"""Empties the bucket of ledgers, with nats-py: somebody has lost it.

Usage: purge_ledger.py NATS_URL
"""

import asyncio
import sys

import nats


async def main(url):
    connection = await nats.connect(url)
    await connection.jetstream().purge_stream("KV_SIM_LEDGER")
    await connection.close()


asyncio.run(main(*sys.argv[1:]))
