//! Zep answers in every way but the right one.

use std::sync::atomic::{AtomicUsize, Ordering};

use system_tests::stack::{Stack, write_simulation};
use system_tests::zep::{Act, Answer, Reply, Seen, ZepServer};
use tempfile::TempDir;

use super::{await_memories, count, told, truth, without, write_targets};

/// What goes wrong with every third request to add an episode, in turn.
fn failures() -> Vec<Act> {
    let error = |status| Reply::new(status, "{\"message\": \"boom\"}");
    vec![
        Act::too_many(Some(1)),
        Act::too_many(None),
        Act::Refuse(Answer::Reply(error(500))),
        Act::Hush(Answer::Reply(error(500))),
        Act::Refuse(Answer::Reply(error(503).header("retry-after", "1"))),
        Act::Hush(Answer::Reset),
        Act::Refuse(Answer::Reset),
        Act::Hush(Answer::Stall),
        Act::Refuse(Answer::Stall),
        Act::Hush(Answer::Reply(Reply::new(202, "{\"uu"))),
        Act::page(),
        Act::Hush(Answer::Drip(Reply::new(202, "{\"uuid\": \"x\"}".repeat(100)))),
        Act::huge(3 << 20),
        Act::redirect("http://127.0.0.1:1/elsewhere"),
        Act::refuse(401, "unauthorized"),
        Act::refuse(404, "graph not found"),
    ]
}

/// A Zep that fails as above, and takes neither long texts nor what one agent says.
fn scripted() -> ZepServer {
    let (failures, turn) = (failures(), AtomicUsize::new(0));
    ZepServer::scripted(move |seen: &Seen<'_>| {
        if seen.write == 0 || !seen.write.is_multiple_of(3) {
            return Act::picky(seen, 1_000, "Agent 3: ");
        }
        let turn = turn.fetch_add(1, Ordering::SeqCst);
        match failures.get(turn) {
            Some(failure) if !seen.data.is_some_and(|data| data.contains("Agent 3: ")) => {
                failure.clone()
            }
            _ => Act::picky(seen, 1_000, "Agent 3: "),
        }
    })
}

#[test]
fn whatever_zep_answers_each_action_is_there_once_or_a_dead_letter() {
    let dir = TempDir::new().unwrap();
    let (two, four) = (scripted(), scripted());
    two.set_old(true);
    // Its word on limits counts until it gives another one.
    for zep in [&two, &four] {
        zep.set_headers(&[("x-ratelimit-limit", "6000"), ("x-ratelimit-remaining", "5999")]);
    }
    let targets = write_targets(dir.path(), &two, &four);
    let stack = Stack::start_with(&[("SHOAL_MEMORY_TARGETS", &targets)]);
    let folder = write_simulation(stack.dir(), "bridge", 12, 12);
    let memories = ["--memory", "local", "--memory", "two", "--memory", "four"];
    let run = [&["run", folder.to_str().unwrap(), "--detach"], &memories[..]];
    stack.shoal_json(&run.concat());
    stack.await_status("bridge-1", "completed", |status| status["status"] == "completed");
    let stats = await_memories(&stack, "bridge-1", 6);

    let truth = truth(&stack, "bridge-1");
    let fit = without(&truth, "Agent 3: ");
    let unfit = count(&truth) - count(&fit);
    assert!(unfit > 5, "{unfit} dead letters are too few");
    for (zep, name) in [(&two, "two"), (&four, "four")] {
        assert_eq!(told(zep, "bridge", "bridge-1"), fit, "{name}");
        let cursors = stats["cursors"].as_array().unwrap().iter();
        let of = |field: &str| -> u64 {
            let of = cursors.clone().filter(|cursor| cursor["target"] == name);
            of.map(|cursor| cursor[field].as_u64().unwrap()).sum()
        };
        assert_eq!(of("delivered"), count(&fit) as u64, "{name}");
        assert_eq!(of("dead"), unfit as u64, "{name}");
        assert!(of("retried") > 10, "{name}: {stats}");
    }
}
