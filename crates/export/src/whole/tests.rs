//! Whole folders from a small run.

use std::collections::BTreeMap;
use std::fs;

use contract::action::ActionBody;
use contract::reply::{Answer, AsOf, InterviewResult};
use contract::status::RunStatus;
use contract::version::V1;
use serde_json::{Value, json};

use super::*;
use crate::fixtures::*;

/// A small run of both worlds that has come to its end.
struct Played {
    spec: Spec,
    frames: Vec<Frame>,
    status: EnvStatus,
}

fn played() -> Played {
    let mut spec = spec();
    spec.twitter.as_mut().unwrap().profiles[2].past_posts = vec!["=HYPERLINK(\"x\")".to_owned()];
    let (mut twitter, mut reddit) = (World::new(Platform::Twitter), World::new(Platform::Reddit));
    let frames = vec![
        twitter.tick(vec![(0, Ok(post(2, "Pier 9, \"closed\"\nagain"))), (1, Ok(like(2, 1)))]),
        reddit.tick(vec![(0, Ok(post(1, "-5 degrees")))]),
        reddit.tick(vec![
            (1, Ok(comment(1, 1, None, "@ada no"))),
            (2, Ok(comment(1, 2, Some(1), "Oh."))),
            (1, failed(like(9, 1), "post not found")),
        ]),
        twitter.tick(vec![
            (1, Ok(refresh(&[2]))),
            (1, Ok(quote(2, 3, "你好"))),
            (2, Ok(repost(3, 4))),
            (0, Ok(nothing())),
        ]),
        reddit.end(),
        twitter.end(),
    ];
    let mut status = status(RunStatus::Completed);
    status.options.rounds = 2;
    status.ended_at = Some("2026-03-01T10:00:13.400Z".parse().unwrap());
    for (world, frame) in status.platforms.iter_mut().zip([&frames[5], &frames[4]]) {
        assert_eq!(world.platform, frame.platform);
        (world.status, world.ticks, world.digest) = (RunStatus::Completed, 3, frame.digest);
    }
    Played { spec, frames, status }
}

fn request(formats: &[Format]) -> Request {
    Request { formats: formats.to_vec(), all_actions: false, force: false }
}

fn interview() -> Reply {
    let answer = Answer {
        platform: Platform::Twitter,
        response: "+1, of course".to_owned(),
        as_of: AsOf { tick: 2, round: 2 },
        model: None,
    };
    let result = InterviewResult {
        agent_id: 1,
        agent_name: "Ben".to_owned(),
        prompt: "And you?".to_owned(),
        twitter: Some(answer),
        reddit: None,
        twitter_error: None,
        reddit_error: None,
    };
    Reply {
        v: V1,
        command_id: "c1".parse().unwrap(),
        run_id: "market-1".parse().unwrap(),
        verb: "interview".to_owned(),
        at: "2026-03-01T11:00:00Z".parse().unwrap(),
        outcome: ReplyOutcome::Completed { result: ReplyResult::Interview(result) },
    }
}

fn line(text: &str) -> LogLine {
    LogLine {
        v: V1,
        run_id: "market-1".parse().unwrap(),
        at: "2026-03-01T10:00:02Z".parse().unwrap(),
        node: "node-a".to_owned(),
        worker: "worker-1".to_owned(),
        line: text.to_owned(),
    }
}

fn export(played: &Played, folder: &Path, request: &Request) -> Result<Manifest, ExportError> {
    let mut export = Export::begin(folder, request, &played.spec, &played.status)?;
    played.frames.iter().try_for_each(|frame| export.frame(frame))?;
    export.reply(&interview())?;
    export.log(&line("round 1"))?;
    export.finish()
}

/// All files of an export by name.
fn read(folder: &Path) -> BTreeMap<&'static str, Vec<u8>> {
    let read = |name| fs::read(folder.join(name)).ok().map(|bytes| (name, bytes));
    file_names().filter_map(read).collect()
}

fn csv_rows(folder: &Path, file: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(folder.join(file)).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

fn columns(rows: &[BTreeMap<String, String>], names: &[&str]) -> Vec<String> {
    rows.iter().map(|row| names.iter().map(|it| &*row[*it]).collect::<Vec<_>>().join("|")).collect()
}

#[test]
fn an_export_has_every_file_and_the_same_bytes_each_time() {
    let dir = tempfile::tempdir().unwrap();
    let [one, two] = ["one", "two"].map(|name| dir.path().join(name));
    let played = played();
    let manifest = export(&played, &one, &request(&[])).unwrap();
    assert_eq!(export(&played, &two, &request(&Format::ALL)).unwrap(), manifest);
    let files = read(&one);
    assert_eq!(files.keys().copied().collect::<Vec<_>>(), {
        let mut names: Vec<_> = file_names().collect();
        names.sort_unstable();
        names
    });
    assert_eq!(files, read(&two));
    let listed: Vec<_> = manifest.files.iter().map(|file| file.path).collect();
    assert_eq!(listed, OWN_FILES);
    assert!(manifest.files.iter().all(|file| files[file.path].len() as u64 == file.bytes));
    let json: Value = serde_json::from_slice(&files["manifest.json"]).unwrap();
    assert_eq!(json["formats"], json!(["original", "oasis", "csv"]));
    assert_eq!((&json["seed"], &json["rules"]), (&json!(7), &json!(2)));
    let twitter = &json["platforms"][0];
    assert_eq!((&twitter["through_round"], &twitter["is_complete"]), (&json!(2), &json!(true)));
    assert_eq!((&twitter["actions"], &twitter["listed"]), (&json!(6), &json!(5)));
    assert_eq!(twitter["digest"], json!(played.frames[5].digest));
    assert_eq!(twitter["tables"]["post"], 4);
    assert_eq!(twitter["tables"]["rec"], 0);
    assert_eq!(json["interviews"], 1);
}

#[test]
fn what_was_not_asked_for_is_not_there() {
    let dir = tempfile::tempdir().unwrap();
    let played = played();
    for (format, count) in [(Format::Original, 5), (Format::Oasis, 2), (Format::Csv, 6)] {
        let folder = dir.path().join(format!("{format:?}"));
        let manifest = export(&played, &folder, &request(&[format])).unwrap();
        assert_eq!(manifest.files.len(), count, "{format:?}");
        assert_eq!(read(&folder).len(), count + 1, "{format:?}");
    }
}

#[test]
fn lists_of_actions_are_the_frames_successful_actions() {
    let dir = tempfile::tempdir().unwrap();
    let played = played();
    for all_actions in [false, true] {
        let folder = dir.path().join(all_actions.to_string());
        export(&played, &folder, &Request { all_actions, ..request(&[]) }).unwrap();
        for platform in Platform::ALL {
            let text = fs::read_to_string(folder.join(action_log(platform))).unwrap();
            let rows = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
            let rows: Vec<Value> = rows.filter(|row| row.get("event_type").is_none()).collect();
            let frames = played.frames.iter().filter(|frame| frame.platform == platform);
            let expected = frames.flat_map(|frame| frame.actions.iter().map(move |it| (frame, it)));
            let expected = expected.filter(|(_, action)| {
                let is_refresh = matches!(action.body, ActionBody::Refresh(_));
                all_actions || (action.failure.is_none() && !is_refresh)
            });
            let expected: Vec<Value> = expected
                .map(|(frame, action)| {
                    let mut row = serde_json::to_value(action).unwrap();
                    row.as_object_mut().unwrap().remove("seq");
                    row["round"] = json!(frame.round);
                    row["timestamp"] = json!("2026-03-01T10:00:00.250000");
                    row
                })
                .collect();
            assert_eq!(rows, expected);
        }
    }
}

#[test]
fn csv_is_tidy_and_no_text_is_a_formula() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("out");
    export(&played(), &folder, &Request { all_actions: true, ..request(&[Format::Csv]) }).unwrap();
    let actions = csv_rows(&folder, "csv/actions.csv");
    let wanted = ["platform", "seq", "action_type", "success", "result", "post_id", "content"];
    assert_eq!(
        columns(&actions, &wanted),
        [
            "twitter|1|CREATE_POST|true||2|Pier 9, \"closed\"\nagain",
            "twitter|2|LIKE_POST|true||2|",
            "reddit|1|CREATE_POST|true||1|'-5 degrees",
            "reddit|2|CREATE_COMMENT|true||1|'@ada no",
            "reddit|3|CREATE_COMMENT|true||1|Oh.",
            "reddit|4|LIKE_POST|false|post not found|9|",
            "twitter|3|REFRESH|true|||",
            "twitter|4|QUOTE_POST|true||3|你好",
            "twitter|5|REPOST|true||4|",
            "twitter|6|DO_NOTHING|true|||",
        ]
    );
    assert_eq!(actions[0]["action_args"], r#"{"content":"Pier 9, \"closed\"\nagain","post_id":2}"#);
    let posts = csv_rows(&folder, "csv/posts.csv");
    let wanted = [
        "platform",
        "post_id",
        "kind",
        "agent_name",
        "round",
        "original_post_id",
        "content",
        "likes",
        "shares",
        "comments",
        "before_start",
    ];
    assert_eq!(
        columns(&posts, &wanted),
        [
            "twitter|1|original|Cleo|0||'=HYPERLINK(\"x\")|0|0|0|true",
            "twitter|2|original|Ada|0||Pier 9, \"closed\"\nagain|1|1|0|false",
            "twitter|3|quote|Ben|1|2|你好|0|1|0|false",
            "twitter|4|repost|Cleo|1|3||0|0|0|false",
            "reddit|1|original|Ada|0||'-5 degrees|0|0|2|false",
        ]
    );
    assert_eq!(posts[2]["simulated_time"], "2026-01-01T23:00:00.000Z");
    let comments = csv_rows(&folder, "csv/comments.csv");
    let wanted = ["comment_id", "post_id", "parent_comment_id", "agent_id", "content"];
    assert_eq!(columns(&comments, &wanted), ["1|1||1|'@ada no", "2|1|1|2|Oh."]);
    let agents = csv_rows(&folder, "csv/agents.csv");
    let wanted = ["platform", "agent_id", "name", "stance", "posts", "actions", "failed"];
    assert_eq!(columns(&agents, &wanted)[1], "twitter|1|Ben X|neutral|1|2|0");
    assert_eq!(columns(&agents, &wanted)[4], "reddit|1|Ben X|neutral|0|1|1");
    let rounds = csv_rows(&folder, "csv/rounds.csv");
    let wanted =
        ["platform", "round", "simulated_hour", "active_agents", "actions", "failed", "comments"];
    assert_eq!(columns(&rounds, &wanted)[2], "reddit|1|23|3|2|1|2");
    assert_eq!(rounds.len(), 6);
    let interviews = csv_rows(&folder, "csv/interviews.csv");
    let wanted = ["platform", "command_id", "as_of_round", "agent_name", "response"];
    assert_eq!(columns(&interviews, &wanted), ["twitter|c1|2|Ben|'+1, of course"]);
}

#[test]
fn a_live_run_is_exported_as_far_as_it_is_and_its_state_agrees() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("out");
    let mut played = played();
    played.status.status = RunStatus::Running;
    played.status.ended_at = None;
    played.frames.truncate(4);
    let manifest = export(&played, &folder, &request(&[])).unwrap();
    assert_eq!(manifest.platforms[0].through_round, Some(1));
    assert!(!manifest.platforms[0].is_complete);
    let state: Value =
        serde_json::from_slice(&fs::read(folder.join("run_state.json")).unwrap()).unwrap();
    assert_eq!((&state["current_round"], &state["progress_percent"]), (&json!(1), &json!(50.0)));
    assert_eq!(state["twitter_actions_count"], 5);
    assert_eq!(state["reddit_simulated_hours"], 1.0);
    assert_eq!(fs::read_to_string(folder.join("simulation.log")).unwrap(), "round 1\n");
}

#[test]
fn a_run_without_frames_has_an_export_too() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("out");
    let queued = Played { frames: Vec::new(), status: status(RunStatus::Queued), ..played() };
    let manifest = export(&queued, &folder, &request(&[])).unwrap();
    assert_eq!((manifest.rules, manifest.platforms[0].through_round), (None, None));
    assert_eq!(manifest.platforms[0].tables["user"], 3);
}

#[test]
fn frames_that_are_missing_or_of_another_past_leave_no_folder() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("out");
    let told = |played: &Played| {
        let error = export(played, &folder, &request(&[])).unwrap_err().to_string();
        assert!(!folder.exists(), "{error}");
        error
    };
    let mut short = played();
    short.frames.pop();
    let expected = "twitter: 2 of the 3 ticks that the run says it has were read";
    assert_eq!(told(&short), expected);
    let mut gap = played();
    gap.frames.remove(3);
    let expected = "twitter: tick 2 stands where 1 belongs, or follows another past";
    assert_eq!(told(&gap), expected);
    let mut other = played();
    other.status.platforms[1].digest = other.frames[0].digest;
    assert!(told(&other).starts_with("reddit: the run says that its digest is "));
    let mut foreign = played();
    foreign.status.options.platforms = vec![Platform::Twitter];
    let expected = "there is no reddit world in this run's spec and options";
    assert_eq!(told(&foreign), expected);
}
