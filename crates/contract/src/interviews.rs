//! What several agents said, as the one reply to a batch or as the parts of it.
//!
//! A message of the bus has a largest size, and a batch may ask every agent of a run. What does not
//! fit one message is stored before the reply as [parts](ReplyPart), each on a subject beside the
//! reply's own, and the reply says how many there are. Their subjects have a token of whoever made
//! them, so that those of two workers cannot mix: only those count that the reply names.

use serde::{Deserialize, Serialize};

use crate::id::{CommandId, RunId};
use crate::reply::{Answer, AsOf, ErrorCode, InterviewResult, ReplyError, Speaker};
use crate::subject::Platform;
use crate::version::V1;

/// Bytes of a reply or part that stand around its prompts and results, at most.
const AROUND: usize = 1024;

/// What several agents said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interviews {
    /// Results that there are: one of each question in each world that it was put to.
    pub asked: u32,
    /// Those that are answers.
    pub answered: u32,
    /// Where the results are, if they are not here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<Parts>,
    /// The results, in the order of the questions; of one question Twitter's first.
    #[serde(flatten)]
    pub said: Results,
}

/// Results, and the prompts that they are about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Results {
    /// What was asked: each text once in a row.
    pub prompts: Vec<String>,
    /// What came of it.
    pub results: Vec<AgentResult>,
}

/// What came of one question to one agent in one world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentResult {
    /// Which of the prompts of the same message was asked.
    pub prompt: u32,
    /// Who was asked.
    pub agent_id: u32,
    /// In which world.
    pub platform: Platform,
    /// What it said, or why it said nothing.
    #[serde(flatten)]
    pub outcome: AgentOutcome,
}

/// An answer, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum AgentOutcome {
    /// It answered.
    Said {
        /// Its name.
        agent_name: String,
        /// What it said.
        response: String,
        /// The state of the world that it spoke from.
        as_of: AsOf,
        /// The language model that spoke for it; `None`: the world itself did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        model: Option<Box<Speaker>>,
    },
    /// It did not.
    Failed {
        /// Why not.
        error: ReplyError,
    },
}

/// Where the parts of a reply are: part `n`, from 0 on, on `<the reply's subject>.<by>.<n>`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    /// How many there are.
    pub count: u32,
    /// A token that nobody else had who made parts of this reply.
    pub by: CommandId,
}

/// A part of a reply.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyPart {
    /// Contract version.
    pub v: V1,
    /// The command.
    pub command_id: CommandId,
    /// The run that it was for.
    pub run_id: RunId,
    /// Which part, from 0 on.
    pub part: u32,
    /// The results in it.
    #[serde(flatten)]
    pub said: Results,
}

/// Gathers results, and cuts what does not fit one message.
#[derive(Debug)]
pub struct Gatherer {
    command_id: CommandId,
    run_id: RunId,
    by: CommandId,
    /// Bytes that a message may have.
    most: usize,
    asked: u32,
    answered: u32,
    /// Parts that were cut off.
    parts: u32,
    held: Results,
    bytes: usize,
}

impl Interviews {
    /// The same with the results of all its parts, in order, in place of the parts.
    ///
    /// # Errors
    /// If they are not all of them, in words.
    pub fn whole(self, parts: Vec<ReplyPart>) -> Result<Interviews, String> {
        let Some(Parts { count, .. }) = self.parts else { return Ok(self) };
        let mut said = Results::default();
        let found = parts.len();
        for (due, part) in (0..count).zip(parts) {
            if part.part != due {
                return Err(format!(
                    "part {} of the reply stands in the place of {due}",
                    part.part
                ));
            }
            said.append(part.said)?;
        }
        if found != count as usize || said.results.len() != self.asked as usize {
            let (results, asked) = (said.results.len(), self.asked);
            return Err(format!(
                "{found} of {count} parts of the reply were found, with {results} of {asked} results"
            ));
        }
        Ok(Interviews { parts: None, said, ..self })
    }
}

impl Results {
    /// Each result with what was asked. One that names a prompt that is not there has none.
    pub fn each(&self) -> impl Iterator<Item = (&str, &AgentResult)> {
        self.results.iter().map(|result| {
            let prompt = self.prompts.get(result.prompt as usize);
            (prompt.map_or("", String::as_str), result)
        })
    }

    /// The answers among them, each as that of an interview in one world.
    pub fn answers(&self) -> impl Iterator<Item = InterviewResult> {
        self.each().filter_map(|(prompt, result)| result.answer(prompt))
    }

    fn append(&mut self, more: Results) -> Result<(), String> {
        let before = u32::try_from(self.prompts.len()).unwrap_or(u32::MAX);
        let count = u32::try_from(more.prompts.len()).unwrap_or(u32::MAX);
        self.prompts.extend(more.prompts);
        for result in more.results {
            if result.prompt >= count {
                return Err(format!(
                    "a part has {count} prompts, and a result of number {}",
                    result.prompt
                ));
            }
            let prompt = before.saturating_add(result.prompt);
            self.results.push(AgentResult { prompt, ..result });
        }
        Ok(())
    }
}

impl AgentResult {
    /// The answer, as that of an interview in one world; `None` if there is none.
    pub fn answer(&self, prompt: &str) -> Option<InterviewResult> {
        let AgentOutcome::Said { agent_name, response, as_of, model } = &self.outcome else {
            return None;
        };
        let (platform, response, model) = (self.platform, response.clone(), model.clone());
        let answer = Answer { platform, response, as_of: *as_of, model };
        let (twitter, reddit) = match platform {
            Platform::Twitter => (Some(answer), None),
            Platform::Reddit => (None, Some(answer)),
        };
        let (agent_name, prompt) = (agent_name.clone(), prompt.to_owned());
        let agent_id = self.agent_id;
        let (twitter_error, reddit_error) = (None, None);
        Some(InterviewResult {
            agent_id,
            agent_name,
            prompt,
            twitter,
            reddit,
            twitter_error,
            reddit_error,
        })
    }
}

impl ReplyPart {
    /// The message body.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("no map keys that JSON refuses")
    }
}

impl Gatherer {
    /// Of the reply to this command, for messages of at most `most` bytes; `by` is a token that
    /// nobody had before.
    pub fn new(command_id: CommandId, run_id: RunId, by: CommandId, most: usize) -> Gatherer {
        Gatherer {
            command_id,
            run_id,
            by,
            most,
            asked: 0,
            answered: 0,
            parts: 0,
            held: Results::default(),
            bytes: AROUND,
        }
    }

    /// Takes the next result; gives a part that is full, to be stored before the reply.
    ///
    /// An answer that no message has room for is replaced by a failure that says so.
    pub fn push(
        &mut self,
        prompt: &str,
        agent_id: u32,
        platform: Platform,
        outcome: AgentOutcome,
    ) -> Option<ReplyPart> {
        let mut result = AgentResult { prompt: 0, agent_id, platform, outcome };
        let prompt_size = size_of(&prompt);
        let alone = AROUND + prompt_size + size_of(&result);
        if alone > self.most && matches!(result.outcome, AgentOutcome::Said { .. }) {
            let message = format!(
                "the answer and its question have {alone} bytes, and a message {} at most",
                self.most
            );
            let error = ReplyError { code: ErrorCode::NoCapacity, message };
            result.outcome = AgentOutcome::Failed { error };
        }
        let is_known = self.held.prompts.last().is_some_and(|last| last == prompt);
        let size = size_of(&result) + if is_known { 0 } else { prompt_size };
        let is_full = self.bytes + size > self.most && !self.held.results.is_empty();
        let part = is_full.then(|| self.cut());
        if is_full || !is_known {
            self.held.prompts.push(prompt.to_owned());
        }
        self.bytes += if is_full && is_known { size + prompt_size } else { size };
        self.asked = self.asked.saturating_add(1);
        let is_answer = matches!(result.outcome, AgentOutcome::Said { .. });
        self.answered = self.answered.saturating_add(u32::from(is_answer));
        result.prompt = u32::try_from(self.held.prompts.len()).unwrap_or(u32::MAX) - 1;
        self.held.results.push(result);
        part
    }

    /// What was answered so far.
    pub fn answered(&self) -> u32 {
        self.answered
    }

    /// What the reply says, and the last part where there are any.
    pub fn finish(mut self) -> (Option<ReplyPart>, Interviews) {
        let (asked, answered) = (self.asked, self.answered);
        if self.parts == 0 {
            return (None, Interviews { asked, answered, parts: None, said: self.held });
        }
        let last = self.cut();
        let parts = Some(Parts { count: self.parts, by: self.by });
        (Some(last), Interviews { asked, answered, parts, said: Results::default() })
    }

    /// The token of the subjects of its parts.
    pub fn by(&self) -> &CommandId {
        &self.by
    }

    fn cut(&mut self) -> ReplyPart {
        let part = self.parts;
        self.parts += 1;
        self.bytes = AROUND;
        let (command_id, run_id) = (self.command_id.clone(), self.run_id.clone());
        ReplyPart { v: V1, command_id, run_id, part, said: std::mem::take(&mut self.held) }
    }
}

/// Bytes of a value in a list, with the comma behind it. Numbers of prompts may have some more.
fn size_of<T: Serialize>(value: &T) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX / 4, |json| json.len() + 8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reply::{Reply, ReplyResult};
    use crate::timestamp::Timestamp;

    fn gatherer(most: usize) -> Gatherer {
        let id = |text: &str| text.parse().unwrap();
        Gatherer::new(id("q1"), "market-1".parse().unwrap(), id("worker1"), most)
    }

    fn said(response: &str) -> AgentOutcome {
        let as_of = AsOf { tick: 3, round: 3 };
        AgentOutcome::Said {
            agent_name: "Ada".to_owned(),
            response: response.to_owned(),
            as_of,
            model: None,
        }
    }

    /// Asks so many agents in both worlds; gives the parts and what the reply says.
    fn gather(
        most: usize,
        agents: u32,
        prompt: impl Fn(u32) -> String,
    ) -> (Vec<ReplyPart>, Interviews) {
        let (mut gatherer, mut parts) = (gatherer(most), Vec::new());
        for agent in 0..agents {
            for platform in Platform::ALL {
                let answer = said(&format!("{agent} says \"{platform}\""));
                parts.extend(gatherer.push(&prompt(agent), agent, platform, answer));
            }
        }
        let (last, interviews) = gatherer.finish();
        parts.extend(last);
        (parts, interviews)
    }

    fn reply(interviews: Interviews) -> Reply {
        let result = ReplyResult::Interviews(interviews);
        let verb = crate::command::Verb::BatchInterview;
        Reply::completed(
            "q1".parse().unwrap(),
            "market-1".parse().unwrap(),
            verb,
            result,
            Timestamp::EPOCH,
        )
    }

    #[test]
    fn what_fits_one_message_has_no_parts_and_each_prompt_once() {
        let (parts, all) = gather(64 * 1024, 3, |_| "Why?".to_owned());
        assert_eq!((parts.len(), all.asked, all.answered, &all.parts), (0, 6, 6, &None));
        assert_eq!(all.said.prompts, ["Why?"]);
        let (_, each) = gather(64 * 1024, 3, |agent| format!("Why {agent}?"));
        let asked: Vec<&str> = each.said.each().map(|(prompt, _)| prompt).collect();
        assert_eq!(asked, ["Why 0?", "Why 0?", "Why 1?", "Why 1?", "Why 2?", "Why 2?"]);
        assert_eq!(each.said.prompts.len(), 3);
    }

    #[test]
    fn what_is_cut_into_parts_is_made_whole_again_and_each_fits() {
        for most in [1500, 2000, 4096, 20_000] {
            let prompt = |agent: u32| "Why? ".repeat(1 + agent as usize % 40);
            let (_, expected) = gather(usize::MAX / 8, 300, prompt);
            let (parts, named) = gather(most, 300, prompt);
            assert!(parts.len() > 1, "{most}");
            for part in &parts {
                assert!(part.to_bytes().len() <= most, "{} of {most}", part.to_bytes().len());
                let json: ReplyPart = serde_json::from_slice(&part.to_bytes()).unwrap();
                assert_eq!(&json, part);
            }
            let short = reply(named.clone());
            assert!(short.to_bytes().len() < 600, "the reply names its parts and no more");
            let whole = named.clone().whole(parts.clone()).unwrap();
            let answers = |of: &Interviews| of.said.answers().collect::<Vec<_>>();
            assert_eq!(answers(&whole), answers(&expected), "{most}");
            assert_eq!((whole.asked, whole.answered), (600, 600));
            // One too few, one of another reply, two in a wrong order.
            assert!(named.clone().whole(parts[1..].to_vec()).is_err());
            assert!(named.clone().whole(parts[..parts.len() - 1].to_vec()).is_err());
            let mut turned = parts.clone();
            turned.swap(0, 1);
            assert!(named.clone().whole(turned).is_err());
            let mut forged = parts;
            forged[0].said.prompts.clear();
            assert!(named.whole(forged).is_err());
        }
    }

    #[test]
    fn an_answer_that_no_message_holds_is_a_failure_of_its_own() {
        let mut gatherer = gatherer(4096);
        assert_eq!(gatherer.push("Why?", 0, Platform::Twitter, said("because")), None);
        assert_eq!(gatherer.push("Why?", 1, Platform::Twitter, said(&"long ".repeat(1000))), None);
        let (last, all) = gatherer.finish();
        assert_eq!((last, all.asked, all.answered), (None, 2, 1));
        let AgentOutcome::Failed { error } = &all.said.results[1].outcome else { panic!("said") };
        assert_eq!(error.code, ErrorCode::NoCapacity);
    }
}
