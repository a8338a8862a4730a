//! What agents are asked. Nothing of it enters a journal or changes a world.

use serde::Serialize;
use serde_json::Value;

use super::request::{read_agent, read_platform};
use crate::door::Object;
use crate::id::{ClientId, CommandId};
use crate::subject::Platform;

/// The longest prompt of an interview, in bytes.
pub const MAX_PROMPT_BYTES: usize = 8 * 1024;

/// The most questions that one command may list.
pub const MAX_QUESTIONS: usize = 1000;

/// Bytes of a command that stand around the questions that it lists, at most.
const AROUND: usize = 1024;

/// One question to one agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Interview {
    /// Whom.
    pub agent_id: u32,
    /// What, at most [`MAX_PROMPT_BYTES`].
    pub prompt: String,
    /// In which world; `None`: in each that the run has.
    pub platform: Option<Platform>,
    /// The agent as it was after that round; `None`: after the last one that was played.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_round: Option<u32>,
}

/// Questions to several agents, which get one reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BatchInterview {
    /// Whom, and what.
    #[serde(flatten)]
    pub whom: Whom,
    /// In which world, where a question names none itself; `None`: in each that the run has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// The agents as they were after that round; `None`: after the last one that was played.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_round: Option<u32>,
}

/// Who is asked what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Whom {
    /// Each of these, in this order: 1 to [`MAX_QUESTIONS`]. An agent that is named twice answers
    /// twice.
    Interviews(Vec<Question>),
    /// Every agent the same.
    All {
        /// What, at most [`MAX_PROMPT_BYTES`].
        prompt: String,
    },
}

/// One of the questions of a batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Question {
    /// Whom.
    pub agent_id: u32,
    /// What, at most [`MAX_PROMPT_BYTES`].
    pub prompt: String,
    /// In which world; `None`: as the batch says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
}

/// Arguments of `cancel`: what of an interview or a batch is not answered yet never will be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cancel {
    /// The id of its command.
    pub command_id: CommandId,
    /// Who asked it; `None`: who cancels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientId>,
}

impl Interview {
    pub(super) fn read(args: &Object<'_>) -> Option<Interview> {
        args.refuse_unknown(&["agent_id", "prompt", "platform", "at_round"]);
        let (agent_id, prompt) = (read_agent(args), read_prompt(args));
        let (platform, at_round) = (read_platform(args), read_round(args));
        Some(Interview { agent_id: agent_id?, prompt: prompt?, platform, at_round })
    }
}

impl BatchInterview {
    pub(super) fn read(args: &Object<'_>) -> Option<BatchInterview> {
        args.refuse_unknown(&["interviews", "all", "platform", "at_round"]);
        let whom = Whom::read(args);
        let (platform, at_round) = (read_platform(args), read_round(args));
        Some(BatchInterview { whom: whom?, platform, at_round })
    }

    /// The same questions, in order, as batches that one command each has room for: of at most
    /// `most` bytes, those around the questions included.
    pub fn split(self, most: usize) -> Vec<BatchInterview> {
        let BatchInterview { whom, platform, at_round } = self;
        let questions = match whom {
            Whom::All { .. } => return vec![BatchInterview { whom, platform, at_round }],
            Whom::Interviews(questions) => questions,
        };
        let (mut lists, mut bytes) = (vec![Vec::new()], AROUND);
        for question in questions {
            let size = serde_json::to_vec(&question).map_or(usize::MAX, |json| json.len() + 1);
            let list = lists.last_mut().filter(|list| {
                list.is_empty() || (list.len() < MAX_QUESTIONS && bytes + size <= most)
            });
            match list {
                Some(list) => list.push(question),
                None => {
                    lists.push(vec![question]);
                    bytes = AROUND;
                }
            }
            bytes += size;
        }
        let batch = |list| BatchInterview { whom: Whom::Interviews(list), platform, at_round };
        lists.into_iter().map(batch).collect()
    }
}

impl Whom {
    fn read(args: &Object<'_>) -> Option<Whom> {
        match (args.get("interviews"), args.get("all")) {
            (None, None) => {
                args.require("interviews", "a list of questions, or all in its place");
                None
            }
            (Some(_), Some(_)) => {
                args.report("all", "both", "either interviews or all");
                None
            }
            (Some(list), None) => read_questions(args, list).map(Whom::Interviews),
            (None, Some(_)) => {
                let all = args.object("all")?;
                all.refuse_unknown(&["prompt"]);
                Some(Whom::All { prompt: read_prompt(&all)? })
            }
        }
    }
}

impl Question {
    fn read(object: &Object<'_>) -> Option<Question> {
        object.refuse_unknown(&["agent_id", "prompt", "platform"]);
        let (agent_id, prompt) = (read_agent(object), read_prompt(object));
        let platform = read_platform(object);
        Some(Question { agent_id: agent_id?, prompt: prompt?, platform })
    }
}

impl Cancel {
    pub(super) fn read(args: &Object<'_>) -> Option<Cancel> {
        args.refuse_unknown(&["command_id", "client"]);
        args.require("command_id", "the id of a question");
        let expected = |error: crate::id::InvalidId| error.expected().to_owned();
        let command_id = args.parsed("command_id", |text| text.parse().map_err(expected));
        let client = args.parsed("client", |text| text.parse().map_err(expected));
        Some(Cancel { command_id: command_id?, client })
    }
}

fn read_questions(args: &Object<'_>, list: &Value) -> Option<Vec<Question>> {
    let elements = args.list("interviews");
    if list.is_array() && !(1..=MAX_QUESTIONS).contains(&elements.len()) {
        let found = format!("{} questions", elements.len());
        args.report("interviews", found, &format!("1 to {MAX_QUESTIONS}"));
        return None;
    }
    let questions: Vec<Option<Question>> = (elements.into_iter())
        .map(|(pointer, value)| Question::read(&args.door().object(value, pointer)?))
        .collect();
    list.is_array().then_some(())?;
    questions.into_iter().collect()
}

fn read_prompt(object: &Object<'_>) -> Option<String> {
    object.require("prompt", "a question");
    let prompt = object.text("prompt")?;
    if prompt.trim().is_empty() || prompt.len() > MAX_PROMPT_BYTES {
        let found = match prompt.trim() {
            "" if !prompt.is_empty() => "a blank text".to_owned(),
            _ => format!("{} bytes", prompt.len()),
        };
        object.report("prompt", found, "1 to 8192 bytes");
    }
    Some(prompt.to_owned())
}

fn read_round(object: &Object<'_>) -> Option<u32> {
    object.u32("at_round", 0..=u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Request, Verb};
    use crate::door::Door;
    use serde_json::json;

    fn read(verb: Verb, args: &Value) -> Result<Request, String> {
        let door = Door::new("");
        let request = door.object(args, "/args".to_owned());
        let request = request.and_then(|args| Request::read(verb, &args));
        door.close(request).map_err(|problems| problems.to_string())
    }

    fn question(agent_id: u32, prompt: &str) -> Question {
        Question { agent_id, prompt: prompt.to_owned(), platform: None }
    }

    #[test]
    fn every_problem_of_every_question_is_named() {
        let interviews = json!([
            {"agent_id": 1, "prompt": "Why?", "platform": "reddit"},
            {"agent_id": -1, "prompt": "", "platform": "myspace"},
            "Why?",
            {"prompt": "x".repeat(MAX_PROMPT_BYTES + 1), "at_round": 3},
            {"agent_id": 1, "prompt": " \n\t", "platform": null}
        ]);
        let args = json!({"interviews": interviews, "at_round": -2, "round": 3});
        assert_eq!(
            read(Verb::BatchInterview, &args).unwrap_err(),
            "/args/round: found an unknown field, expected one of interviews, all, platform, \
             at_round\n\
             /args/interviews/1/agent_id: found -1, expected a whole number from 0 to 4294967295\n\
             /args/interviews/1/prompt: found 0 bytes, expected 1 to 8192 bytes\n\
             /args/interviews/1/platform: found \"myspace\", expected twitter or reddit\n\
             /args/interviews/2: found the text \"Why?\", expected an object\n\
             /args/interviews/3/at_round: found an unknown field, expected one of agent_id, \
             prompt, platform\n\
             /args/interviews/3/agent_id: found nothing, expected the id of an agent\n\
             /args/interviews/3/prompt: found 8193 bytes, expected 1 to 8192 bytes\n\
             /args/interviews/4/prompt: found a blank text, expected 1 to 8192 bytes\n\
             /args/at_round: found -2, expected a whole number from 0 to 4294967295"
        );
    }

    #[test]
    fn a_batch_asks_some_or_all_and_not_both() {
        let some = json!({"interviews": [{"agent_id": 3, "prompt": "Why?"}]});
        let all = json!({"all": {"prompt": "Why?"}, "platform": "reddit", "at_round": 4});
        let batch = |whom, platform, at_round| {
            Ok(Request::BatchInterview(BatchInterview { whom, platform, at_round }))
        };
        let whom = Whom::Interviews(vec![question(3, "Why?")]);
        assert_eq!(read(Verb::BatchInterview, &some), batch(whom, None, None));
        let whom = Whom::All { prompt: "Why?".to_owned() };
        let expected = batch(whom, Some(Platform::Reddit), Some(4));
        assert_eq!(read(Verb::BatchInterview, &all), expected);
        let both = json!({"interviews": [], "all": {"prompt": "Why?"}});
        let wrong = |args: &Value| read(Verb::BatchInterview, args).unwrap_err();
        assert_eq!(wrong(&both), "/args/all: found both, expected either interviews or all");
        let none = "/args/interviews: found nothing, expected a list of questions, or all in its \
                    place";
        assert_eq!(wrong(&json!({})), none);
        let empty = "/args/interviews: found 0 questions, expected 1 to 1000";
        assert_eq!(wrong(&json!({"interviews": []})), empty);
        assert!(wrong(&json!({"all": "Why?"})).starts_with("/args/all: found the text"));
    }

    #[test]
    fn a_cancel_names_a_question() {
        let cancel = |client: Option<&str>| {
            let client = client.map(|client| client.parse().unwrap());
            Ok(Request::Cancel(Cancel { command_id: "q1".parse().unwrap(), client }))
        };
        assert_eq!(read(Verb::Cancel, &json!({"command_id": "q1"})), cancel(None));
        let of_another = json!({"command_id": "q1", "client": "web"});
        assert_eq!(read(Verb::Cancel, &of_another), cancel(Some("web")));
        let wrong = read(Verb::Cancel, &json!({"command_id": "a b", "client": "*"})).unwrap_err();
        assert_eq!(wrong.lines().count(), 2, "{wrong}");
    }

    #[test]
    fn a_batch_is_split_into_commands_that_have_room_for_it() {
        let all: Vec<Question> = (0..2_500).map(|id| question(id, "Why?")).collect();
        let batch = |list: Vec<Question>| BatchInterview {
            whom: Whom::Interviews(list),
            platform: Some(Platform::Twitter),
            at_round: Some(7),
        };
        let lists = |most: usize, list: &[Question]| -> Vec<Vec<Question>> {
            let split = batch(list.to_vec()).split(most).into_iter().map(|part| {
                assert_eq!((part.platform, part.at_round), (Some(Platform::Twitter), Some(7)));
                let Whom::Interviews(list) = part.whom else { panic!("another batch") };
                list
            });
            split.collect()
        };
        let split = lists(usize::MAX, &all);
        assert_eq!(split.iter().map(Vec::len).collect::<Vec<_>>(), [1000, 1000, 500]);
        assert_eq!(split.concat(), all);
        let long: Vec<Question> = (0..20).map(|id| question(id, &"\"".repeat(8000))).collect();
        let split = lists(64 * 1024, &long);
        assert_eq!(split.concat(), long);
        for list in split {
            let size = serde_json::to_vec(&batch(list)).unwrap().len();
            assert!(size <= 64 * 1024 - AROUND / 2, "{size}");
        }
        // One that is too large by itself is not dropped.
        assert_eq!(lists(10, &all[..2]).len(), 2);
    }
}
