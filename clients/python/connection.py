"""How both programs come to the bus."""

import os

import nats


async def connect():
    """A connection as the environment says, see clients/README.md."""
    return await nats.connect(
        os.environ.get("NATS_URL", "nats://127.0.0.1:4222"),
        nkeys_seed=os.environ.get("NATS_NKEY"),
        inbox_prefix=os.environ.get("NATS_INBOX_PREFIX", "_INBOX"),
        # The first failure is told; later ones are tried again for ever.
        max_reconnect_attempts=-1,
        allow_reconnect=True,
    )
