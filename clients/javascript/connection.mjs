// How both programs come to the bus: as the environment says, see clients/README.md.

import { readFile } from "node:fs/promises";
import { connect as dial, nkeyAuthenticator } from "@nats-io/transport-node";

export async function connect() {
  const options = {
    servers: (process.env.NATS_URL ?? "nats://127.0.0.1:4222").split(","),
    inboxPrefix: process.env.NATS_INBOX_PREFIX ?? "_INBOX",
    // Once it is connected it reconnects for ever.
    maxReconnectAttempts: -1,
  };
  if (process.env.NATS_NKEY) {
    const seed = (await readFile(process.env.NATS_NKEY, "utf8")).trim();
    options.authenticator = nkeyAuthenticator(new TextEncoder().encode(seed));
  }
  return dial(options);
}

export function usage(text, wanted) {
  const given = process.argv.slice(2);
  if (!wanted.includes(given.length)) {
    console.error(text);
    process.exit(1);
  }
  return given;
}
