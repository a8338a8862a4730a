//! The bodies of requests for interviews.

use std::time::Duration;

use contract::command::{BatchInterview, Interview, MAX_PROMPT_BYTES, Question, Whom};
use contract::door::{Object, describe};
use contract::id::{CommandId, InvalidId};
use contract::subject::Platform;

use crate::http::control::{read_run, read_timeout};
use crate::http::envelope::Fields;
use crate::model::RunName;

/// The most interviews of one request.
pub(super) const MAX_INTERVIEWS: usize = 2000;

/// How instructions begin that clients of the original put before a question, with a colon at
/// their end. Agents here need none.
const INSTRUCTIONS: &str = "结合你的人设";

/// How long answers are waited for unless the request says otherwise.
const ONE: Duration = Duration::from_secs(60);
const SOME: Duration = Duration::from_secs(120);
const ALL: Duration = Duration::from_secs(180);

/// The latest that questions may be void, in millionths of a second.
const LONGEST: i64 = 3600 * 1_000_000;
/// And the earliest.
const SHORTEST: i64 = 1_000_000;

/// `POST /interview`.
pub(super) struct One {
    pub(super) name: RunName,
    pub(super) interview: Interview,
    pub(super) patience: Duration,
}

impl Fields for One {
    fn read(object: &Object<'_>) -> Option<One> {
        object.refuse_unknown(&[
            "simulation_id",
            "agent_id",
            "prompt",
            "platform",
            "at_round",
            "timeout",
        ]);
        let (name, asked) = (read_run(object), read_question(object));
        let (at_round, patience) = (read_round(object), read_timeout(object, ONE));
        let Question { agent_id, prompt, platform } = asked?;
        let interview = Interview { agent_id, prompt, platform, at_round };
        Some(One { name: name?, interview, patience })
    }
}

/// `POST /interview/batch` and `POST /interview/all`.
pub(super) struct Several {
    pub(super) name: RunName,
    pub(super) batch: BatchInterview,
    pub(super) terms: Terms,
}

/// How long answers are waited for.
#[derive(Clone, Copy)]
pub(super) struct Terms {
    /// By whoever asks.
    pub(super) patience: Duration,
    /// Until the questions are void: that long, or longer.
    pub(super) life: Duration,
}

impl Fields for Several {
    fn read(object: &Object<'_>) -> Option<Several> {
        object.refuse_unknown(&[
            "simulation_id",
            "interviews",
            "platform",
            "at_round",
            "timeout",
            "deadline",
        ]);
        let (name, platform) = (read_run(object), read_platform(object));
        let at_round = read_round(object);
        object.require("interviews", "a list of interviews");
        let elements = object.list("interviews");
        let is_list = object.get("interviews").is_some_and(serde_json::Value::is_array);
        if is_list && !(1..=MAX_INTERVIEWS).contains(&elements.len()) {
            let found = format!("{} interviews", elements.len());
            object.report("interviews", found, &format!("1 to {MAX_INTERVIEWS}"));
        }
        let terms = Terms::read(object, SOME);
        // Of more than there may be none is told what is wrong with each.
        let questions: Vec<Option<Question>> = (elements.into_iter().take(MAX_INTERVIEWS))
            .map(|(pointer, value)| {
                let item = object.door().object(value, pointer)?;
                item.refuse_unknown(&["agent_id", "prompt", "platform"]);
                read_question(&item)
            })
            .collect();
        let questions: Option<Vec<Question>> = questions.into_iter().collect();
        let whom = Whom::Interviews(questions.filter(|_| is_list)?);
        let batch = BatchInterview { whom, platform, at_round };
        Some(Several { name: name?, batch, terms })
    }
}

/// `POST /interview/all`.
pub(super) struct All(pub(super) Several);

impl Fields for All {
    fn read(object: &Object<'_>) -> Option<All> {
        object.refuse_unknown(&[
            "simulation_id",
            "prompt",
            "platform",
            "at_round",
            "timeout",
            "deadline",
        ]);
        let (name, prompt) = (read_run(object), read_prompt(object));
        let (platform, at_round) = (read_platform(object), read_round(object));
        let terms = Terms::read(object, ALL);
        let batch = BatchInterview { whom: Whom::All { prompt: prompt? }, platform, at_round };
        Some(All(Several { name: name?, batch, terms }))
    }
}

/// `POST /interview/cancel`.
pub(super) struct CancelFields {
    pub(super) name: RunName,
    pub(super) command_id: CommandId,
    pub(super) patience: Duration,
}

impl Fields for CancelFields {
    fn read(object: &Object<'_>) -> Option<CancelFields> {
        object.refuse_unknown(&["simulation_id", "command_id", "timeout"]);
        let name = read_run(object);
        object.require("command_id", "the id of a batch");
        let expected = |error: InvalidId| error.expected().to_owned();
        let command_id = object.parsed("command_id", |text| text.parse().map_err(expected));
        let patience = read_timeout(object, ONE);
        Some(CancelFields { name: name?, command_id: command_id?, patience })
    }
}

impl Terms {
    fn read(object: &Object<'_>, default: Duration) -> Terms {
        let patience = read_timeout(object, default);
        let deadline = object.millionths("deadline", SHORTEST..=LONGEST);
        let deadline = deadline.and_then(|millionths| u64::try_from(millionths).ok());
        let life = deadline.map_or(patience, Duration::from_micros);
        // Nothing comes after that.
        Terms { patience: patience.min(life), life }
    }
}

pub(super) fn read_platform(object: &Object<'_>) -> Option<Platform> {
    object
        .parsed("platform", |text| text.parse().map_err(|_: String| "twitter or reddit".to_owned()))
}

fn read_round(object: &Object<'_>) -> Option<u32> {
    object.u32("at_round", 0..=u32::MAX)
}

fn read_question(object: &Object<'_>) -> Option<Question> {
    object.require("agent_id", "the id of an agent");
    let agent_id = object.u32("agent_id", 0..=u32::MAX);
    let (prompt, platform) = (read_prompt(object), read_platform(object));
    Some(Question { agent_id: agent_id?, prompt: prompt?, platform })
}

fn read_prompt(object: &Object<'_>) -> Option<String> {
    let value = object.require("prompt", "a question")?;
    let prompt = without_instructions(object.text("prompt")?);
    let is_blank = prompt.trim().is_empty();
    if is_blank || prompt.len() > MAX_PROMPT_BYTES {
        let found = match is_blank {
            true => describe(value),
            false => format!("{} bytes", prompt.len()),
        };
        let expected = format!("a question of 1 to {MAX_PROMPT_BYTES} bytes");
        object.report("prompt", found, &expected);
        return None;
    }
    Some(prompt.to_owned())
}

/// The question itself.
fn without_instructions(prompt: &str) -> &str {
    let is_colon = |(_, one): &(usize, char)| matches!(one, '：' | ':');
    let instructed = prompt.trim_start().strip_prefix(INSTRUCTIONS);
    let colon = instructed.and_then(|rest| Some((rest, rest.char_indices().find(is_colon)?)));
    match colon {
        Some((rest, (place, mark))) => rest[place + mark.len_utf8()..].trim(),
        None => prompt,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::door::Door;
    use serde_json::{Value, json};

    fn read<T: Fields>(value: &Value) -> Result<T, String> {
        let door = Door::new("");
        let fields = door.root(value).and_then(|root| T::read(&root));
        door.close(fields).map_err(|problems| problems.to_string())
    }

    #[test]
    fn a_batch_is_read_item_by_item() {
        let body = json!({"simulation_id": "market", "platform": "reddit", "timeout": 5,
            "interviews": [{"agent_id": 0, "prompt": "Why?"},
                {"agent_id": 1, "prompt": " who ", "platform": "twitter"}]});
        let batch: Several = read(&body).unwrap();
        let Whom::Interviews(questions) = &batch.batch.whom else { panic!("another batch") };
        let [first, second] = &questions[..] else { panic!("two") };
        assert_eq!((first.agent_id, batch.batch.platform), (0, Some(Platform::Reddit)));
        assert_eq!((second.prompt.as_str(), second.platform), (" who ", Some(Platform::Twitter)));
        let five = Duration::from_secs(5);
        assert_eq!((batch.terms.patience, batch.terms.life), (five, five));
        let body = json!({"simulation_id": "../x", "platform": "all", "timeout": "5",
            "interviews": [{"agent_id": -1}, 7, {"agent_id": 1, "prompt": "", "x": 1},
                {"agent_id": 1, "prompt": " \n"}]});
        let said = read::<Several>(&body).err().unwrap();
        for place in [
            "/simulation_id: found \"../x\"",
            "/platform: found \"all\"",
            "/timeout: found the text \"5\", expected a number from 1 to 600",
            "/interviews/0/agent_id: found -1",
            "/interviews/0/prompt: found nothing, expected a question",
            "/interviews/1: found 7, expected an object",
            "/interviews/2/x: found an unknown field",
            "/interviews/2/prompt: found the text \"\"",
            "/interviews/3/prompt: found the text",
        ] {
            assert!(said.contains(place), "{place} is not in:\n{said}");
        }
        let body = json!({"simulation_id": "market", "interviews": [], "timeout": 0});
        let said = read::<Several>(&body).err().unwrap();
        assert!(
            said.contains("/interviews: found 0") && said.contains("/timeout: found"),
            "{said}"
        );
        for interviews in [json!([]), json!(null), json!({}), json!(vec![json!({}); 2001])] {
            let body = json!({"simulation_id": "market", "interviews": interviews});
            assert!(read::<Several>(&body).is_err());
        }
    }

    #[test]
    fn nobody_waits_for_longer_than_until_the_deadline() {
        let body = |deadline: Value| {
            json!({"simulation_id": "market", "prompt": "Why?", "timeout": 2, "deadline": deadline,
                "at_round": 3})
        };
        let All(all) = read(&body(json!(60))).unwrap();
        assert_eq!((all.terms.patience.as_secs(), all.terms.life.as_secs()), (2, 60));
        assert_eq!(all.batch.at_round, Some(3));
        let All(hurried) = read(&body(json!(1))).unwrap();
        assert_eq!((hurried.terms.patience.as_secs(), hurried.terms.life.as_secs()), (1, 1));
        for deadline in [json!(0.5), json!(3601), json!("60")] {
            let said = read::<All>(&body(deadline)).err().unwrap();
            assert!(said.starts_with("/deadline: found"), "{said}");
        }
    }

    #[test]
    fn instructions_before_a_question_are_left_out() {
        let whole = "结合你的人设、记忆，直接回复我：你是谁？";
        assert_eq!(without_instructions(whole), "你是谁？");
        assert_eq!(without_instructions("Note: who?"), "Note: who?");
        assert_eq!(without_instructions("结合你的人设 who"), "结合你的人设 who");
        let body = json!({"simulation_id": "market", "agent_id": 1, "prompt": "结合你的人设："});
        assert!(read::<One>(&body).is_err(), "nothing is asked");
    }
}
