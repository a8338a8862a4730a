//! The bodies of requests for interviews.

use std::time::Duration;

use contract::command::{Interview, MAX_PROMPT_BYTES};
use contract::door::{Object, describe};
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

/// `POST /interview`.
pub(super) struct One {
    pub(super) name: RunName,
    pub(super) interview: Interview,
    pub(super) patience: Duration,
}

impl Fields for One {
    fn read(object: &Object<'_>) -> Option<One> {
        object.refuse_unknown(&["simulation_id", "agent_id", "prompt", "platform", "timeout"]);
        let name = read_run(object);
        let interview = read_interview(object, None);
        Some(One { name: name?, interview: interview?, patience: read_timeout(object, ONE) })
    }
}

/// `POST /interview/batch`.
pub(super) struct Several {
    pub(super) name: RunName,
    pub(super) interviews: Vec<Interview>,
    pub(super) patience: Duration,
}

impl Fields for Several {
    fn read(object: &Object<'_>) -> Option<Several> {
        object.refuse_unknown(&["simulation_id", "interviews", "platform", "timeout"]);
        let name = read_run(object);
        let platform = read_platform(object);
        object.require("interviews", "a list of interviews");
        let elements = object.list("interviews");
        let is_list = object.get("interviews").is_some_and(serde_json::Value::is_array);
        if is_list && !(1..=MAX_INTERVIEWS).contains(&elements.len()) {
            let found = format!("{} interviews", elements.len());
            object.report("interviews", found, &format!("1 to {MAX_INTERVIEWS}"));
            return None;
        }
        let patience = read_timeout(object, SOME);
        let interviews: Vec<Option<Interview>> = (elements.into_iter())
            .map(|(pointer, value)| {
                let item = object.door().object(value, pointer)?;
                item.refuse_unknown(&["agent_id", "prompt", "platform"]);
                read_interview(&item, platform)
            })
            .collect();
        let interviews: Option<Vec<Interview>> = interviews.into_iter().collect();
        Some(Several { name: name?, interviews: interviews.filter(|_| is_list)?, patience })
    }
}

/// `POST /interview/all`.
pub(super) struct All {
    pub(super) name: RunName,
    pub(super) prompt: String,
    pub(super) platform: Option<Platform>,
    pub(super) patience: Duration,
}

impl Fields for All {
    fn read(object: &Object<'_>) -> Option<All> {
        object.refuse_unknown(&["simulation_id", "prompt", "platform", "timeout"]);
        let (name, prompt) = (read_run(object), read_prompt(object));
        let (platform, patience) = (read_platform(object), read_timeout(object, ALL));
        Some(All { name: name?, prompt: prompt?, platform, patience })
    }
}

pub(super) fn read_platform(object: &Object<'_>) -> Option<Platform> {
    object
        .parsed("platform", |text| text.parse().map_err(|_: String| "twitter or reddit".to_owned()))
}

fn read_interview(object: &Object<'_>, default: Option<Platform>) -> Option<Interview> {
    object.require("agent_id", "the id of an agent");
    let agent_id = object.u32("agent_id", 0..=u32::MAX);
    let prompt = read_prompt(object);
    let platform = read_platform(object).or(default);
    Some(Interview { agent_id: agent_id?, prompt: prompt?, platform })
}

fn read_prompt(object: &Object<'_>) -> Option<String> {
    let value = object.require("prompt", "a question")?;
    let prompt = without_instructions(object.text("prompt")?);
    if prompt.is_empty() || prompt.len() > MAX_PROMPT_BYTES {
        let found = match prompt {
            "" => describe(value),
            prompt => format!("{} bytes", prompt.len()),
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
        let [first, second] = &batch.interviews[..] else { panic!("two") };
        assert_eq!((first.agent_id, first.platform), (0, Some(Platform::Reddit)));
        assert_eq!((second.prompt.as_str(), second.platform), (" who ", Some(Platform::Twitter)));
        assert_eq!(batch.patience, Duration::from_secs(5));
        let body = json!({"simulation_id": "../x", "platform": "all", "timeout": "5",
            "interviews": [{"agent_id": -1}, 7, {"agent_id": 1, "prompt": "", "x": 1}]});
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
        ] {
            assert!(said.contains(place), "{place} is not in:\n{said}");
        }
        for interviews in [json!([]), json!(null), json!({}), json!(vec![json!({}); 2001])] {
            let body = json!({"simulation_id": "market", "interviews": interviews});
            assert!(read::<Several>(&body).is_err());
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
