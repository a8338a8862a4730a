//! The tables of OASIS, and beside them what OASIS has no column for.
//!
//! Names, types, defaults and keys of columns are those of OASIS 0.2.5, so that what was written
//! for it reads our files. Two things differ, and neither shows in a query: where OASIS refers
//! to a table `tweet` that it does not have, we refer to `post`, and `trace` is told not to
//! repeat itself by the caller, not by an error.

/// The 16 tables, in the order in which a manifest counts them.
pub const TABLES: [&str; 16] = [
    "user",
    "post",
    "comment",
    "like",
    "dislike",
    "comment_like",
    "comment_dislike",
    "follow",
    "mute",
    "report",
    "trace",
    "rec",
    "product",
    "chat_group",
    "group_members",
    "group_messages",
];

/// Makes the tables of people and what they wrote.
pub(super) const PEOPLE_AND_TEXTS: &str = "
CREATE TABLE user (
  user_id INTEGER PRIMARY KEY AUTOINCREMENT, agent_id INTEGER,
  user_name TEXT, name TEXT, bio TEXT, created_at DATETIME,
  num_followings INTEGER DEFAULT 0, num_followers INTEGER DEFAULT 0);
CREATE TABLE post (
  post_id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id INTEGER REFERENCES user(user_id),
  original_post_id INTEGER REFERENCES post(post_id),
  content TEXT DEFAULT '', quote_content TEXT, created_at DATETIME,
  num_likes INTEGER DEFAULT 0, num_dislikes INTEGER DEFAULT 0,
  num_shares INTEGER DEFAULT 0, num_reports INTEGER DEFAULT 0);
CREATE TABLE comment (
  comment_id INTEGER PRIMARY KEY AUTOINCREMENT,
  post_id INTEGER REFERENCES post(post_id), user_id INTEGER REFERENCES user(user_id),
  content TEXT, created_at DATETIME DEFAULT CURRENT_TIMESTAMP,
  num_likes INTEGER DEFAULT 0, num_dislikes INTEGER DEFAULT 0);";

/// Makes the tables of what stands between people and people, posts and comments.
pub(super) const LINKS: &str = "
CREATE TABLE \"like\" (
  like_id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER REFERENCES user(user_id),
  post_id INTEGER REFERENCES post(post_id), created_at DATETIME);
CREATE TABLE dislike (
  dislike_id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER REFERENCES user(user_id),
  post_id INTEGER REFERENCES post(post_id), created_at DATETIME);
CREATE TABLE comment_like (
  comment_like_id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER REFERENCES user(user_id),
  comment_id INTEGER REFERENCES comment(comment_id), created_at DATETIME);
CREATE TABLE comment_dislike (
  comment_dislike_id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER REFERENCES user(user_id),
  comment_id INTEGER REFERENCES comment(comment_id), created_at DATETIME);
CREATE TABLE follow (
  follow_id INTEGER PRIMARY KEY AUTOINCREMENT, follower_id INTEGER REFERENCES user(user_id),
  followee_id INTEGER REFERENCES user(user_id), created_at DATETIME);
CREATE TABLE mute (
  mute_id INTEGER PRIMARY KEY AUTOINCREMENT, muter_id INTEGER REFERENCES user(user_id),
  mutee_id INTEGER REFERENCES user(user_id), created_at DATETIME);
CREATE TABLE report (
  report_id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER REFERENCES user(user_id),
  post_id INTEGER REFERENCES post(post_id), report_reason TEXT, created_at DATETIME);
CREATE TABLE trace (
  user_id INTEGER REFERENCES user(user_id), created_at DATETIME, action TEXT, info TEXT,
  PRIMARY KEY (user_id, created_at, action, info));";

/// Makes the tables that stay empty: what they are for does not exist here.
pub(super) const UNUSED: &str = "
CREATE TABLE rec (
  user_id INTEGER REFERENCES user(user_id), post_id INTEGER REFERENCES post(post_id),
  PRIMARY KEY (user_id, post_id));
CREATE TABLE product (
  product_id INTEGER PRIMARY KEY, product_name TEXT, sales INTEGER DEFAULT 0);
CREATE TABLE chat_group (
  group_id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL,
  created_at DATETIME DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE group_members (
  group_id INTEGER NOT NULL REFERENCES chat_group(group_id), agent_id INTEGER NOT NULL,
  joined_at DATETIME DEFAULT CURRENT_TIMESTAMP, PRIMARY KEY (group_id, agent_id));
CREATE TABLE group_messages (
  message_id INTEGER PRIMARY KEY AUTOINCREMENT,
  group_id INTEGER NOT NULL REFERENCES chat_group(group_id),
  sender_id INTEGER NOT NULL REFERENCES user(user_id), content TEXT NOT NULL,
  sent_at DATETIME DEFAULT CURRENT_TIMESTAMP);";

/// Makes what OASIS has no column for: gone with the connection, never in the file.
pub(super) const BESIDE: &str = "
CREATE TEMP TABLE thread (post_id INTEGER PRIMARY KEY, comments INTEGER NOT NULL);
CREATE TEMP TABLE answer (comment_id INTEGER PRIMARY KEY, parent_comment_id INTEGER NOT NULL);
CREATE TEMP TABLE activity (
  agent_id INTEGER PRIMARY KEY, agent_name TEXT NOT NULL, actions INTEGER NOT NULL DEFAULT 0,
  failed INTEGER NOT NULL DEFAULT 0, posts INTEGER NOT NULL DEFAULT 0,
  comments INTEGER NOT NULL DEFAULT 0);";
