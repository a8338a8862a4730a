-- Version 1 of the embedded memory; the version stands in `PRAGMA user_version`.
-- Times are RFC 3339 in UTC with milliseconds, so they sort as text.

CREATE TABLE graph (
    id INTEGER PRIMARY KEY,
    graph_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    ontology_json TEXT,
    created_at TEXT NOT NULL
) STRICT;

-- One row per remembered action. `ref_time` is simulated time, `created_at` the sink's clock.
CREATE TABLE episode (
    -- Never used twice: readers page by it.
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    -- A function of graph and action, the same in every memory.
    uuid TEXT NOT NULL,
    graph INTEGER NOT NULL REFERENCES graph (id),
    -- `<run>.<platform>.<seq>`
    action_id TEXT NOT NULL,
    -- Where the frame stood when it was read; a repair may have moved it since.
    stream_seq INTEGER NOT NULL,
    run TEXT NOT NULL,
    platform TEXT NOT NULL,
    round INTEGER NOT NULL,
    -- `agent:<id>`
    agent_key TEXT NOT NULL,
    agent_name TEXT NOT NULL,
    action TEXT NOT NULL,
    -- The action as it stands in its frame.
    body_json TEXT NOT NULL,
    text TEXT NOT NULL,
    ref_time TEXT NOT NULL,
    created_at TEXT NOT NULL
) STRICT;

-- An action is in a graph once, however often it is handed in.
CREATE UNIQUE INDEX episode_of_action ON episode (graph, action_id);
CREATE UNIQUE INDEX episode_of_uuid ON episode (uuid);

CREATE INDEX episode_of_graph ON episode (graph);
CREATE INDEX episode_of_run ON episode (run);

-- The texts, with a space around each CJK character; `rowid` is the episode's id.
CREATE VIRTUAL TABLE episode_fts USING fts5 (
    text, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);

-- What there is, counted as it is written, since counting it later reads all of it.
CREATE TABLE episode_total (
    graph INTEGER NOT NULL REFERENCES graph (id),
    run TEXT NOT NULL,
    platform TEXT NOT NULL,
    action TEXT NOT NULL,
    episodes INTEGER NOT NULL,
    last_round INTEGER NOT NULL,
    last_ref_time TEXT NOT NULL,
    PRIMARY KEY (graph, run, platform, action)
) STRICT, WITHOUT ROWID;

CREATE INDEX episode_total_of_run ON episode_total (run);

-- Which graph a run's actions go to, as its first frame said.
CREATE TABLE target (
    run TEXT NOT NULL,
    platform TEXT NOT NULL,
    target TEXT NOT NULL,
    graph INTEGER NOT NULL REFERENCES graph (id),
    PRIMARY KEY (run, platform, target)
) STRICT, WITHOUT ROWID;

-- How far the memory has come in each world, written with the episodes themselves.
CREATE TABLE cursor (
    run TEXT NOT NULL,
    platform TEXT NOT NULL,
    target TEXT NOT NULL,
    -- The last action that is settled.
    seq INTEGER NOT NULL,
    tick INTEGER NOT NULL,
    round INTEGER NOT NULL,
    ref_time TEXT NOT NULL,
    -- The digest of that tick, which the next one must continue.
    digest TEXT NOT NULL,
    PRIMARY KEY (run, platform, target)
) STRICT, WITHOUT ROWID;

-- Where to go on reading: a hint, and when that message was stored, to know it again.
CREATE TABLE sink_cursor (
    stream TEXT NOT NULL,
    consumer TEXT NOT NULL,
    last_seq INTEGER NOT NULL,
    last_at TEXT NOT NULL,
    PRIMARY KEY (stream, consumer)
) STRICT, WITHOUT ROWID;
