//! What is asked, with its arguments.

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::Verb;
use super::change::Configure;
use super::memory::{MemoryAttach, MemoryRedrive};
use super::past::{Fork, Repair, Replay, Verify};
use super::question::{BatchInterview, Cancel, Interview};
use crate::door::{Object, describe};
use crate::spec::MAX_POST_BYTES;
use crate::subject::Platform;

/// The most posts that one command may put into a run.
pub const MAX_INJECTED_POSTS: usize = 100;

/// The verb and its arguments, which cannot contradict each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Begin; the run's first env-status says what and how.
    Start,
    /// End now; what was produced stays.
    Stop(Stop),
    /// Play no more rounds until somebody resumes it.
    Pause(Stop),
    /// Go on: after a pause, or after a stop.
    Resume,
    /// Close the environment of a run whose rounds are over: it can still be read and asked.
    CloseEnv,
    /// Put posts into agents' mouths, in the next tick.
    Inject(Inject),
    /// Go on with another pace or another configuration, from the next tick on.
    Configure(Box<Configure>),
    /// Remove everything of the run from the bus but its number. Carried out by the launcher.
    Delete(Delete),
    /// Execute the journal again and compare every frame. Carried out by any node, as the next
    /// three are.
    Verify(Verify),
    /// Execute the journal again and say the digests.
    Replay(Replay),
    /// Store the frames anew, from the journal.
    Repair(Repair),
    /// Make a new run that was this one up to a round.
    Fork(Fork),
    /// Let one more memory have all of the run's actions. Carried out by the memory-sink, as the
    /// next one is.
    MemoryAttach(MemoryAttach),
    /// Hand to the run's memories once more what they refused.
    MemoryRedrive(MemoryRedrive),
    /// Ask one agent.
    Interview(Interview),
    /// Ask several agents, or all.
    BatchInterview(BatchInterview),
    /// Ask for no more answers to such a question.
    Cancel(Cancel),
}

/// Arguments of `stop` and `pause`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stop {
    /// Why, for people.
    pub reason: Option<String>,
}

/// Arguments of `inject`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Inject {
    /// The posts, in order: 1 to [`MAX_INJECTED_POSTS`].
    pub posts: Vec<InjectedPost>,
}

/// A post that somebody puts into an agent's mouth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InjectedPost {
    /// Its author.
    pub agent_id: u32,
    /// Its text: not blank, at most 10,240 bytes.
    pub content: String,
    /// In which world; `None`: in each that the run has.
    pub platform: Option<Platform>,
}

/// Arguments of `delete`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Delete {
    /// Also if a memory has not taken all of its actions yet, or cannot be asked.
    pub force: bool,
}

/// The arguments of what has none.
#[derive(Serialize)]
struct Nothing {}

impl Request {
    /// The verb of this request.
    pub fn verb(&self) -> Verb {
        match self {
            Request::Start => Verb::Start,
            Request::Stop(_) => Verb::Stop,
            Request::Pause(_) => Verb::Pause,
            Request::Resume => Verb::Resume,
            Request::CloseEnv => Verb::CloseEnv,
            Request::Inject(_) => Verb::Inject,
            Request::Configure(_) => Verb::Configure,
            Request::Delete(_) => Verb::Delete,
            Request::Verify(_) => Verb::Verify,
            Request::Replay(_) => Verb::Replay,
            Request::Repair(_) => Verb::Repair,
            Request::Fork(_) => Verb::Fork,
            Request::MemoryAttach(_) => Verb::MemoryAttach,
            Request::MemoryRedrive(_) => Verb::MemoryRedrive,
            Request::Interview(_) => Verb::Interview,
            Request::BatchInterview(_) => Verb::BatchInterview,
            Request::Cancel(_) => Verb::Cancel,
        }
    }

    /// The change of the configuration that it makes in its tick, if it does.
    pub fn change(&self) -> Option<&Configure> {
        match self {
            Request::Configure(change) => Some(change),
            Request::Fork(fork) => fork.configure.as_deref(),
            _ => None,
        }
    }

    /// Reads the arguments of `verb` at a door, reporting all that is wrong.
    pub fn read(verb: Verb, args: &Object<'_>) -> Option<Request> {
        let without = |request| {
            args.refuse_unknown(&[]);
            Some(request)
        };
        match verb {
            Verb::Start => without(Request::Start),
            Verb::Resume => without(Request::Resume),
            Verb::CloseEnv => without(Request::CloseEnv),
            Verb::Stop => Some(Request::Stop(read_stop(args))),
            Verb::Pause => Some(Request::Pause(read_stop(args))),
            Verb::Inject => read_inject(args).map(Request::Inject),
            Verb::Configure => Configure::read(args).map(Box::new).map(Request::Configure),
            Verb::Delete => {
                args.refuse_unknown(&["force"]);
                Some(Request::Delete(Delete { force: args.boolean("force").unwrap_or(false) }))
            }
            Verb::Verify => Some(Request::Verify(Verify::read(args))),
            Verb::Replay => Some(Request::Replay(Replay::read(args))),
            Verb::Repair => Some(Request::Repair(Repair::read(args))),
            Verb::Fork => Fork::read(args).map(Request::Fork),
            Verb::MemoryAttach => MemoryAttach::read(args).map(Request::MemoryAttach),
            Verb::MemoryRedrive => Some(Request::MemoryRedrive(MemoryRedrive::read(args))),
            Verb::Interview => Interview::read(args).map(Request::Interview),
            Verb::BatchInterview => BatchInterview::read(args).map(Request::BatchInterview),
            Verb::Cancel => Cancel::read(args).map(Request::Cancel),
        }
    }
}

/// The arguments alone, as they stand beside the verb.
impl Serialize for Request {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Request::Start | Request::Resume | Request::CloseEnv => {
                Nothing {}.serialize(serializer)
            }
            Request::Stop(stop) | Request::Pause(stop) => stop.serialize(serializer),
            Request::Inject(inject) => inject.serialize(serializer),
            Request::Configure(configure) => configure.serialize(serializer),
            Request::Delete(delete) => delete.serialize(serializer),
            Request::Verify(verify) => verify.serialize(serializer),
            Request::Replay(replay) => replay.serialize(serializer),
            Request::Repair(repair) => repair.serialize(serializer),
            Request::Fork(fork) => fork.serialize(serializer),
            Request::MemoryAttach(attach) => attach.serialize(serializer),
            Request::MemoryRedrive(redrive) => redrive.serialize(serializer),
            Request::Interview(interview) => interview.serialize(serializer),
            Request::BatchInterview(batch) => batch.serialize(serializer),
            Request::Cancel(cancel) => cancel.serialize(serializer),
        }
    }
}

fn read_stop(args: &Object<'_>) -> Stop {
    args.refuse_unknown(&["reason"]);
    Stop { reason: args.text("reason").map(str::to_owned) }
}

fn read_inject(args: &Object<'_>) -> Option<Inject> {
    args.refuse_unknown(&["posts"]);
    args.require("posts", "a list of posts");
    Some(Inject { posts: read_posts(args)? })
}

/// The list of posts, if it is there.
pub(super) fn read_posts(args: &Object<'_>) -> Option<Vec<InjectedPost>> {
    let elements = args.list("posts");
    let is_list = args.get("posts").is_some_and(Value::is_array);
    if is_list && !(1..=MAX_INJECTED_POSTS).contains(&elements.len()) {
        args.report(
            "posts",
            format!("{} posts", elements.len()),
            &format!("1 to {MAX_INJECTED_POSTS}"),
        );
        return None;
    }
    let posts: Vec<Option<InjectedPost>> = (elements.into_iter())
        .map(|(pointer, value)| args.door().object(value, pointer).and_then(|o| read_post(&o)))
        .collect();
    is_list.then_some(())?;
    posts.into_iter().collect()
}

fn read_post(post: &Object<'_>) -> Option<InjectedPost> {
    post.refuse_unknown(&["agent_id", "content", "platform"]);
    let agent_id = read_agent(post);
    post.require("content", "the text of the post");
    let content = post.text("content");
    if let Some(text) = content.filter(|text| text.trim().is_empty() || text.len() > MAX_POST_BYTES)
    {
        let found = match text.trim() {
            "" => "a blank text".to_owned(),
            _ => format!("{} bytes", text.len()),
        };
        post.report("content", found, &format!("a text of at most {MAX_POST_BYTES} bytes"));
    }
    let platform = read_platform(post);
    Some(InjectedPost { agent_id: agent_id?, content: content?.to_owned(), platform })
}

/// The required `agent_id`.
pub(super) fn read_agent(object: &Object<'_>) -> Option<u32> {
    object.require("agent_id", "the id of an agent");
    object.u32("agent_id", 0..=u32::MAX)
}

/// The world that is meant, if one is.
pub(crate) fn read_platform(object: &Object<'_>) -> Option<Platform> {
    let value = object.get("platform")?;
    let platform = value.as_str().and_then(|text| text.parse().ok());
    if platform.is_none() {
        let found = value.as_str().map_or_else(|| describe(value), |text| format!("{text:?}"));
        object.report("platform", found, "twitter or reddit");
    }
    platform
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::door::Door;
    use serde_json::json;

    fn read(verb: Verb, args: &Value) -> Result<Request, String> {
        let door = Door::new("");
        let request = door.object(args, "/args".to_owned());
        let request = request.and_then(|args| Request::read(verb, &args));
        door.close(request).map_err(|problems| problems.to_string())
    }

    #[test]
    fn what_has_no_arguments_takes_none() {
        for (verb, request) in [
            (Verb::Start, Request::Start),
            (Verb::Resume, Request::Resume),
            (Verb::CloseEnv, Request::CloseEnv),
        ] {
            assert_eq!(read(verb, &json!({})), Ok(request));
            let error = read(verb, &json!({"force": true})).unwrap_err();
            assert_eq!(error, "/args/force: found an unknown field, expected no field at all");
        }
    }

    #[test]
    fn a_pause_may_say_why() {
        let why = Stop { reason: Some("lunch".to_owned()) };
        assert_eq!(read(Verb::Pause, &json!({"reason": "lunch"})), Ok(Request::Pause(why)));
        for without in [json!({}), json!({"reason": null})] {
            assert_eq!(read(Verb::Pause, &without), Ok(Request::Pause(Stop::default())));
        }
        assert_eq!(
            read(Verb::Pause, &json!({"reason": 7, "rounds": 2})).unwrap_err(),
            "/args/rounds: found an unknown field, expected one of reason\n\
             /args/reason: found 7, expected a text"
        );
    }

    #[test]
    fn a_delete_is_by_force_only_if_it_says_so() {
        let delete = |force| Ok(Request::Delete(Delete { force }));
        assert_eq!(read(Verb::Delete, &json!({})), delete(false));
        assert_eq!(read(Verb::Delete, &json!({"force": true})), delete(true));
        assert_eq!(
            read(Verb::Delete, &json!({"force": "yes", "forse": true})).unwrap_err(),
            "/args/forse: found an unknown field, expected \"force\" (did you mean that?)\n\
             /args/force: found the text \"yes\", expected true or false"
        );
    }

    #[test]
    fn every_problem_of_every_injected_post_is_named() {
        let posts = json!([
            {"agent_id": 1, "content": "Which pier?", "platform": "reddit"},
            {"agent_id": -1, "content": " \n", "platform": "myspace"},
            "Which pier?",
            {"content": "x".repeat(MAX_POST_BYTES + 1), "round": 3}
        ]);
        assert_eq!(
            read(Verb::Inject, &json!({"posts": posts, "tick": 3})).unwrap_err(),
            "/args/tick: found an unknown field, expected one of posts\n\
             /args/posts/1/agent_id: found -1, expected a whole number from 0 to 4294967295\n\
             /args/posts/1/content: found a blank text, expected a text of at most 10240 bytes\n\
             /args/posts/1/platform: found \"myspace\", expected twitter or reddit\n\
             /args/posts/2: found the text \"Which pier?\", expected an object\n\
             /args/posts/3/round: found an unknown field, expected one of agent_id, content, \
             platform\n\
             /args/posts/3/agent_id: found nothing, expected the id of an agent\n\
             /args/posts/3/content: found 10241 bytes, expected a text of at most 10240 bytes"
        );
    }

    #[test]
    fn an_injection_has_one_to_a_hundred_posts() {
        let of = |count| {
            let post = json!({"agent_id": 0, "content": "x"});
            read(Verb::Inject, &json!({"posts": vec![post; count]}))
        };
        assert_eq!(of(0).unwrap_err(), "/args/posts: found 0 posts, expected 1 to 100");
        assert_eq!(of(101).unwrap_err(), "/args/posts: found 101 posts, expected 1 to 100");
        let expected = InjectedPost { agent_id: 0, content: "x".to_owned(), platform: None };
        let posts = vec![expected; MAX_INJECTED_POSTS];
        assert_eq!(of(MAX_INJECTED_POSTS), Ok(Request::Inject(Inject { posts })));
        let error = read(Verb::Inject, &json!({})).unwrap_err();
        assert_eq!(error, "/args/posts: found nothing, expected a list of posts");
    }
}
