-- How far the stream was read: the last message that need not be read again. One row.
CREATE TABLE place (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  stream TEXT NOT NULL, sequence INTEGER NOT NULL, at INTEGER NOT NULL);

CREATE TABLE run (run INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

-- One world of a run; `world` is run * 2 + platform (0 Twitter, 1 Reddit). n0 to n3 count its
-- actions by class: 1 for one that failed, plus 2 for one that only looked at a feed.
CREATE TABLE world (
  world INTEGER PRIMARY KEY,
  ticks INTEGER NOT NULL DEFAULT 0,
  n0 INTEGER NOT NULL DEFAULT 0, n1 INTEGER NOT NULL DEFAULT 0,
  n2 INTEGER NOT NULL DEFAULT 0, n3 INTEGER NOT NULL DEFAULT 0,
  posts INTEGER NOT NULL DEFAULT 0, comments INTEGER NOT NULL DEFAULT 0,
  problem TEXT, problem_tick INTEGER);

-- One frame, which is one round. `at` orders lists: its timestamp, but never less than that of
-- the frame before.
CREATE TABLE frame (
  world INTEGER NOT NULL, tick INTEGER NOT NULL,
  round INTEGER NOT NULL, timestamp INTEGER NOT NULL, at INTEGER NOT NULL,
  simulated_time INTEGER NOT NULL, simulated_minutes INTEGER NOT NULL,
  first_seq INTEGER NOT NULL, next_seq INTEGER NOT NULL, digest TEXT NOT NULL,
  n0 INTEGER NOT NULL, n1 INTEGER NOT NULL, n2 INTEGER NOT NULL, n3 INTEGER NOT NULL,
  PRIMARY KEY (world, tick)) WITHOUT ROWID;
CREATE INDEX frame_at ON frame (world, at);
CREATE INDEX frame_of_round ON frame (world, round);

-- Who did what in a frame; apart, so that walking over frames reads little. `types` is JSON,
-- `{TYPE: [by class]}`; `agents` five bytes for each, by id: the id, and a bit for each class.
CREATE TABLE doing (
  world INTEGER NOT NULL, tick INTEGER NOT NULL, types TEXT NOT NULL, agents BLOB NOT NULL,
  PRIMARY KEY (world, tick)) WITHOUT ROWID;

-- `key` is world * 2^40 + seq; `body` the action as the frame has it.
CREATE TABLE action (
  key INTEGER PRIMARY KEY, world INTEGER NOT NULL, tick INTEGER NOT NULL,
  agent INTEGER NOT NULL, class INTEGER NOT NULL, body TEXT NOT NULL);
-- With the tick, so that when an agent was active is told by the index alone.
CREATE INDEX action_of_agent ON action (world, agent, class, tick);

CREATE TABLE agent (
  run INTEGER NOT NULL, agent INTEGER NOT NULL, platform INTEGER NOT NULL, name TEXT NOT NULL,
  n0 INTEGER NOT NULL, n1 INTEGER NOT NULL, n2 INTEGER NOT NULL, n3 INTEGER NOT NULL,
  PRIMARY KEY (run, agent, platform)) WITHOUT ROWID;
CREATE TABLE tally (
  run INTEGER NOT NULL, agent INTEGER NOT NULL, platform INTEGER NOT NULL,
  type TEXT NOT NULL, class INTEGER NOT NULL, n INTEGER NOT NULL,
  PRIMARY KEY (run, agent, platform, type, class)) WITHOUT ROWID;

-- `key` is world * 2^40 + the id; `seq` that of the action that made it, null for what an agent
-- had posted before anything happened.
CREATE TABLE post (
  key INTEGER PRIMARY KEY, seq INTEGER, user_id INTEGER NOT NULL, original_post_id INTEGER,
  content TEXT NOT NULL, quote_content TEXT, created_at NOT NULL,
  num_likes INTEGER NOT NULL DEFAULT 0, num_dislikes INTEGER NOT NULL DEFAULT 0,
  num_shares INTEGER NOT NULL DEFAULT 0, num_reports INTEGER NOT NULL DEFAULT 0,
  num_comments INTEGER NOT NULL DEFAULT 0);
CREATE TABLE comment (
  key INTEGER PRIMARY KEY, seq INTEGER NOT NULL, post INTEGER NOT NULL, user_id INTEGER NOT NULL,
  content TEXT NOT NULL, created_at NOT NULL,
  num_likes INTEGER NOT NULL DEFAULT 0, num_dislikes INTEGER NOT NULL DEFAULT 0,
  parent_comment_id INTEGER);
CREATE INDEX comment_of_post ON comment (post);
