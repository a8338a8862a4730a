-- Version 2 of the embedded memory; the version stands in `PRAGMA user_version`.
-- Times of what is counted and of cursors are RFC 3339 in UTC with milliseconds, so they sort as
-- text. Times of episodes, nodes and edges are milliseconds since 1970: there are millions.

CREATE TABLE IF NOT EXISTS graph (
    id INTEGER PRIMARY KEY,
    graph_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    ontology_json TEXT,
    created_at TEXT NOT NULL
) STRICT;

-- A world that writes into a graph.
CREATE TABLE world (
    id INTEGER PRIMARY KEY,
    graph INTEGER NOT NULL REFERENCES graph (id),
    run TEXT NOT NULL,
    platform TEXT NOT NULL,
    UNIQUE (graph, run, platform)
) STRICT;

CREATE INDEX world_of_run ON world (run);

-- One row per remembered action. `ref_time` is simulated time, `created_at` the sink's clock.
-- Its UUID is a function of graph and action id (`<run>.<platform>.<seq>`), so it is not stored.
CREATE TABLE episode (
    -- In the order in which they were remembered, in each world that of `seq`. Nothing is ever
    -- deleted, so none is used twice: readers page by it.
    id INTEGER PRIMARY KEY,
    world INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    round INTEGER NOT NULL,
    ref_time INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    -- Where the frame stood when it was read; a repair may have moved it since.
    stream_seq INTEGER NOT NULL,
    action TEXT NOT NULL,
    text TEXT NOT NULL,
    -- The action as it stands in its frame.
    body_json TEXT NOT NULL
) STRICT;

-- An action is in a graph once, however often it is handed in.
CREATE UNIQUE INDEX episode_of_action ON episode (world, seq);

-- The texts, with a space around each CJK character; `rowid` is the episode's id. They are the
-- facts of edges as well. `tags` says where a row belongs, so that one look finds the words of
-- one graph or kind: `g<graph> w<world>`, and of one that made an edge `e<relation> n<node>
-- n<node>` as well. They stand in for indexes: full text is written in runs that are merged, while
-- an index by node changes a page of the file for each action. No sizes of columns: nothing is
-- ranked by them.
CREATE VIRTUAL TABLE episode_fts USING fts5 (
    text, tags, content = '', columnsize = 0, tokenize = 'unicode61 remove_diacritics 2'
);

-- Where numbers of nodes count: those of agents within a simulation, of posts and comments within
-- a world, of topics within the graph. `hash` begins the UUIDs of its nodes.
CREATE TABLE scope (
    id INTEGER PRIMARY KEY,
    graph INTEGER NOT NULL REFERENCES graph (id),
    -- `<simulation>`, `<run>:<platform>`, or nothing.
    key TEXT NOT NULL,
    hash INTEGER NOT NULL,
    UNIQUE (graph, key)
) STRICT;

CREATE INDEX scope_of_hash ON scope (hash);

-- Agents, posts, comments, topics. A UUID is made of the scope's hash, the kind and the number,
-- so it is the same in every memory, is not stored, and needs no index of its own: one of random
-- bytes costs a page of the file per node.
CREATE TABLE node (
    -- Agents from 2^40 on, everything else from 1 on: newest first lists the agents first.
    id INTEGER PRIMARY KEY,
    scope INTEGER NOT NULL,
    -- 0 agent, 1 post, 2 comment, 3 topic
    kind INTEGER NOT NULL,
    -- Of a topic a hash of its words.
    number INTEGER NOT NULL,
    -- What it is beside `Entity`.
    label TEXT NOT NULL,
    -- An agent's name, or how the text begins.
    name TEXT NOT NULL,
    -- The whole text, where it is known.
    text TEXT,
    -- Who wrote it, where that is known: its number and name.
    author INTEGER,
    author_name TEXT,
    created_at INTEGER NOT NULL,
    -- What an agent did: how much, up to which round, and how often what (a JSON object).
    actions INTEGER NOT NULL DEFAULT 0,
    last_round INTEGER,
    counts_json TEXT
) STRICT;

CREATE UNIQUE INDEX node_of_number ON node (scope, kind, number);

-- Names, as above; `tags` is `g<graph>`. Rewritten where an agent's name changes.
CREATE VIRTUAL TABLE node_fts USING fts5 (
    text, tags, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 2'
);

-- The names of edges. Up to 10 they are states, which last until they are taken back; the others
-- are points in time.
CREATE TABLE relation (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

-- What an agent did to somebody or something. `id` is that of the episode that made it, whose
-- text is the fact, so its UUID is that episode's.
CREATE TABLE edge (
    id INTEGER PRIMARY KEY,
    world INTEGER NOT NULL,
    relation INTEGER NOT NULL,
    source INTEGER NOT NULL,
    target INTEGER NOT NULL,
    -- Simulated time: since when it holds, and since when no more.
    valid_at INTEGER NOT NULL,
    invalid_at INTEGER,
    -- The sink's clock: when that was learnt.
    created_at INTEGER NOT NULL,
    expired_at INTEGER
) STRICT;

-- States that hold; the newest posts are the most liked ones, and stand at its end.
CREATE INDEX edge_that_holds ON edge (target, source, relation, world)
    WHERE relation <= 10 AND invalid_at IS NULL;

-- Which episodes say an edge, beside the one that made it: those that took it back.
CREATE TABLE edge_episode (
    edge INTEGER NOT NULL,
    episode INTEGER NOT NULL,
    PRIMARY KEY (edge, episode)
) STRICT, WITHOUT ROWID;

-- Nodes by label and edges by name, counted as they are written.
CREATE TABLE graph_total (
    graph INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('node', 'edge')),
    name TEXT NOT NULL,
    total INTEGER NOT NULL,
    PRIMARY KEY (graph, kind, name)
) STRICT, WITHOUT ROWID;

-- From here on as in version 1.

-- What there is, counted as it is written, since counting it later reads all of it.
CREATE TABLE IF NOT EXISTS episode_total (
    graph INTEGER NOT NULL REFERENCES graph (id),
    run TEXT NOT NULL,
    platform TEXT NOT NULL,
    action TEXT NOT NULL,
    episodes INTEGER NOT NULL,
    last_round INTEGER NOT NULL,
    last_ref_time TEXT NOT NULL,
    PRIMARY KEY (graph, run, platform, action)
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS episode_total_of_run ON episode_total (run);

-- Which graph a run's actions go to, as its first frame said.
CREATE TABLE IF NOT EXISTS target (
    run TEXT NOT NULL,
    platform TEXT NOT NULL,
    target TEXT NOT NULL,
    graph INTEGER NOT NULL REFERENCES graph (id),
    PRIMARY KEY (run, platform, target)
) STRICT, WITHOUT ROWID;

-- How far the memory has come in each world, written with the episodes themselves.
CREATE TABLE IF NOT EXISTS cursor (
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
CREATE TABLE IF NOT EXISTS sink_cursor (
    stream TEXT NOT NULL,
    consumer TEXT NOT NULL,
    last_seq INTEGER NOT NULL,
    last_at TEXT NOT NULL,
    PRIMARY KEY (stream, consumer)
) STRICT, WITHOUT ROWID;
