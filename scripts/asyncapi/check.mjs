// Says what AsyncAPI's own parser thinks of documents, one line of JSON for each:
//
//     npm ci && node check.mjs ../../schemas/asyncapi.json
//
// {"diagnostics": [{"severity", "code", "at", "message"}], "channels": {name: address} or null},
// the channels as the parser has read them; null where it refuses the document.

import { Parser, fromFile } from '@asyncapi/parser'

const SEVERITIES = ['error', 'warning', 'information', 'hint']

for (const file of process.argv.slice(2)) {
  // A parser each: one that is shared remembers the files that the last document refers to.
  const { document, diagnostics } = await fromFile(new Parser(), file).parse()
  const found = diagnostics.map(({ severity, code, path, message }) => ({
    severity: SEVERITIES[severity],
    code,
    at: path.map((step) => `/${step}`).join(''),
    message,
  }))
  const channels = document?.channels().all().map((channel) => [channel.id(), channel.address()])
  console.log(JSON.stringify({
    diagnostics: found,
    channels: channels ? Object.fromEntries(channels) : null,
  }))
}
