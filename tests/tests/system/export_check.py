"""Does OASIS's own schema open an export, and does it hold what the world held?

    export_check.py FOLDER EXPECTED

FOLDER is an export. EXPECTED is a JSON file, by platform: what the world itself counted.
Needs nothing but the standard library. Prints each fault; exits 1 if there is one.

`oasis_schema.json` beside this file says of each table of OASIS 0.2.5 what `PRAGMA table_info`
and `PRAGMA foreign_key_list` say of it: columns with type, not null, default and place in the
primary key, and [column, table, column] for each reference.
"""

import json
import pathlib
import sqlite3
import sys

SCHEMA = json.loads(pathlib.Path(__file__).with_name("oasis_schema.json").read_text())

# OASIS refers to a table that it does not have, and means its posts; and to a column that is
# no key, and means the one of the same number that is.
MENDED = {("tweet", "post_id"): ("post", "post_id"), ("user", "agent_id"): ("user", "user_id")}

faults = []


def check(place, found, expected):
    if found != expected:
        faults.append(f"{place}: found {found!r}, expected {expected!r}")


def rows(database, query, *values):
    return [list(row) for row in database.execute(query, values)]


def number(database, query, *values):
    return database.execute(query, values).fetchone()[0]


def check_schema(platform, database):
    names = {name for (name,) in database.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")}
    check(f"{platform} tables", sorted(names), sorted(SCHEMA))
    for table, published in SCHEMA.items():
        place = f"{platform} {table}"
        columns = [row[1:] for row in rows(database, f'PRAGMA table_info("{table}")')]
        check(f"{place} columns", columns, published["columns"])
        references = sorted(
            [row[3], row[2], row[4]]
            for row in rows(database, f'PRAGMA foreign_key_list("{table}")'))
        expected = sorted(
            [column, *MENDED.get((parent, key), (parent, key))]
            for column, parent, key in published["references"])
        check(f"{place} references", references, expected)
        sql = number(database, "SELECT sql FROM sqlite_master WHERE name = ?", table)
        check(f"{place} counts its ids", "AUTOINCREMENT" in sql, published["counted"])


def check_references(platform, database):
    check(f"{platform} foreign_key_check", rows(database, "PRAGMA foreign_key_check"), [])
    for table, published in SCHEMA.items():
        for column, parent, key in published["references"]:
            parent, key = MENDED.get((parent, key), (parent, key))
            dangling = number(
                database,
                f'SELECT count(*) FROM "{table}" WHERE "{column}" IS NOT NULL '
                f'AND "{column}" NOT IN (SELECT "{key}" FROM "{parent}")')
            check(f"{platform} {table}.{column} without {parent}.{key}", dangling, 0)


def check_counts(platform, database, world):
    for table in SCHEMA:
        found = number(database, f'SELECT count(*) FROM "{table}"')
        check(f"{platform} rows of {table}", found, world["tables"][table])
    for table, last in world["last_ids"].items():
        found = rows(database, "SELECT seq FROM sqlite_sequence WHERE name = ?", table)
        check(f"{platform} last id of {table}", found[0][0] if found else 0, last)


def check_rows(platform, database, world):
    posts = rows(database, "SELECT post_id, user_id, original_post_id, quote_content IS NOT NULL,"
                 " coalesce(quote_content, content), num_likes, num_dislikes, num_shares,"
                 " num_reports, created_at FROM post ORDER BY post_id")
    check(f"{platform} posts", posts, world["posts"])
    comments = rows(database, "SELECT comment_id, post_id, user_id, content, num_likes,"
                    " num_dislikes, created_at FROM comment ORDER BY comment_id")
    check(f"{platform} comments", comments, world["comments"])
    users = rows(database, "SELECT user_id, agent_id, user_name, name, bio, num_followers,"
                 " num_followings FROM user ORDER BY user_id")
    check(f"{platform} users", users, world["users"])
    # A counter is as large as there are rows.
    for counter, table, key, of in [
        ("num_likes", "like", "post_id", "post"), ("num_dislikes", "dislike", "post_id", "post"),
        ("num_reports", "report", "post_id", "post"),
        ("num_shares", "post", "original_post_id", "post"),
        ("num_likes", "comment_like", "comment_id", "comment"),
        ("num_dislikes", "comment_dislike", "comment_id", "comment"),
        ("num_followings", "follow", "follower_id", "user"),
        ("num_followers", "follow", "followee_id", "user"),
    ]:
        wrong = number(
            database,
            f'SELECT count(*) FROM "{of}" o WHERE o.{counter} != '
            f'(SELECT count(*) FROM "{table}" t WHERE t.{key} = o.{of}_id)')
        check(f"{platform} {of}.{counter} against {table}", wrong, 0)


def check_usual_queries(platform, database, world):
    """What the scripts of OASIS and MiroFish ask."""
    newest = rows(database, "SELECT * FROM post ORDER BY created_at DESC LIMIT ? OFFSET ?", 50, 0)
    check(f"{platform} newest posts", len(newest), min(50, world["tables"]["post"]))
    times = [row[5] for row in newest]
    check(f"{platform} times of newest posts", times, sorted(times, reverse=True))
    kind = int if platform == "twitter" else str
    check(f"{platform} type of created_at", {type(time) for time in times}, {kind})
    traces = rows(database, "SELECT user_id, created_at, action, info FROM trace ORDER BY rowid")
    for user, _, action, info in traces:
        check(f"{platform} info of {action} by {user}", type(json.loads(info)), dict)
    harvested = rows(database, "SELECT rowid, user_id, action, info FROM trace WHERE rowid > ?"
                     " ORDER BY rowid ASC", 0)
    found = {}
    for _, _, action, _ in harvested:
        if action not in ("sign_up", "interview"):
            found[action] = found.get(action, 0) + 1
    check(f"{platform} traces by action", found, world["traces"])
    signed_up = rows(database, "SELECT user_id FROM trace WHERE action = 'sign_up' ORDER BY rowid")
    check(f"{platform} sign-ups", signed_up, [[user[0]] for user in world["users"]])
    interviews = rows(database, "SELECT user_id, json_extract(info, '$.prompt'),"
                      " json_extract(info, '$.response') FROM trace WHERE action = 'interview'"
                      " ORDER BY rowid")
    check(f"{platform} interviews", interviews, world["interviews"])
    for user, _, response in world["interviews"]:
        latest = rows(database, "SELECT info FROM trace WHERE action = ? AND user_id = ?"
                      " ORDER BY created_at DESC LIMIT 1", "interview", user)
        check(f"{platform} latest interview of {user}",
              bool(json.loads(latest[0][0])["response"]), bool(response))
    for post in world["posts"][:20]:
        comments = rows(database, "SELECT comment_id, post_id, user_id, content, created_at,"
                        " num_likes, num_dislikes FROM comment WHERE post_id = ?", post[0])
        expected = [it[0] for it in world["comments"] if it[1] == post[0]]
        check(f"{platform} comments of {post[0]}", [row[0] for row in comments], expected)


def main():
    folder, expected = pathlib.Path(sys.argv[1]), json.loads(pathlib.Path(sys.argv[2]).read_text())
    for platform, world in expected.items():
        database = sqlite3.connect(f"file:{folder}/{platform}_simulation.db?mode=ro", uri=True)
        check(f"{platform} integrity", number(database, "PRAGMA integrity_check"), "ok")
        check_schema(platform, database)
        check_references(platform, database)
        check_counts(platform, database, world)
        check_rows(platform, database, world)
        check_usual_queries(platform, database, world)
    for fault in faults[:50]:
        print(fault[:1000])
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
