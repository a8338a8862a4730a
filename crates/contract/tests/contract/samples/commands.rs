//! What a run is asked.

use contract::command::{
    AgentChange, BatchInterview, Cancel, Command, Configure, Delete, FeedChange, Fork, Inject,
    InjectedPost, Interview, MemoryAttach, MemoryRedrive, Question, Repair, Replay, Request, Stop,
    TimeChange, Verify, Whom,
};
use contract::spec::{Hours, Stance};
use contract::subject::Platform;

use super::decisions::budget;
use super::{Sample, at, each, sample};

pub(super) fn samples() -> Vec<Sample> {
    let mut samples = Vec::new();
    let mut push = |name: &str, command: &Command| samples.push(sample("command", name, command));
    for request in each(next_request) {
        push(request.verb().as_str(), &command(request));
    }
    let why = || Stop { reason: Some("the survey was wrong".to_owned()) };
    push("stop-with-reason", &command(Request::Stop(why())));
    push("pause-with-reason", &command(Request::Pause(why())));
    push("configure-everything", &command(configure_everything()));
    let reseed = Configure { seed: Some(0), ..Configure::default() };
    push("configure-seed", &command(Request::Configure(Box::new(reseed))));
    let raise = Configure { budget: Some(budget()), ..Configure::default() };
    push("configure-budget", &command(Request::Configure(Box::new(raise))));
    push("delete-by-force", &command(Request::Delete(Delete { force: true })));
    let twitter = Some(Platform::Twitter);
    push("verify-beside", &command(Request::Verify(Verify { platform: twitter, follow: true })));
    push("repair-one-world", &command(Request::Repair(Repair { platform: twitter })));
    let some_ticks = Replay { platform: twitter, first: Some(1), last: Some(2) };
    push("replay-some-ticks", &command(Request::Replay(some_ticks)));
    push("fork-with-all", &command(Request::Fork(fork())));
    let paused = Fork { at_round: 1, posts: vec![], configure: None, paused: true };
    push("fork-paused", &command(Request::Fork(paused)));
    let (target, graph_id) = ("team".to_owned(), Some("夜市".to_owned()));
    let elsewhere = MemoryAttach { target: target.clone(), graph_id };
    push("memory_attach-to-a-graph", &command(Request::MemoryAttach(elsewhere)));
    let some = MemoryRedrive { target: Some(target), sequences: Some(vec![7, 3]) };
    push("memory_redrive-some", &command(Request::MemoryRedrive(some)));
    let everywhere =
        Interview {
            agent_id: 0, prompt: "为什么？".to_owned(), platform: None, at_round: None
        };
    let before = Interview { at_round: Some(1), ..everywhere.clone() };
    let expires = Command { expires_at: Some(at(30)), ..command(Request::Interview(everywhere)) };
    push("interview-everywhere-that-expires", &expires);
    push("interview-at-a-round", &command(Request::Interview(before)));
    let whom = Whom::All { prompt: "为什么？".to_owned() };
    let all = BatchInterview { whom, platform: Some(Platform::Reddit), at_round: Some(1) };
    push("batch_interview-all-at-a-round", &command(Request::BatchInterview(all)));
    let of_another = Cancel { client: Some("web".parse().unwrap()), ..cancel() };
    push("cancel-of-another-client", &command(Request::Cancel(of_another)));
    samples
}

/// One request of each verb.
pub(super) fn next_request(request: Option<&Request>) -> Option<Request> {
    match request {
        None => Some(Request::Start),
        Some(Request::Start) => Some(Request::Stop(Stop { reason: None })),
        Some(Request::Stop(_)) => Some(Request::Pause(Stop { reason: None })),
        Some(Request::Pause(_)) => Some(Request::Resume),
        Some(Request::Resume) => Some(Request::CloseEnv),
        Some(Request::CloseEnv) => Some(Request::Inject(inject())),
        Some(Request::Inject(_)) => {
            let slowly = Configure { pace_milli: Some(200), ..Configure::default() };
            Some(Request::Configure(Box::new(slowly)))
        }
        Some(Request::Configure(_)) => Some(Request::Delete(Delete { force: false })),
        Some(Request::Delete(_)) => Some(Request::Verify(Verify::default())),
        Some(Request::Verify(_)) => Some(Request::Replay(Replay::default())),
        Some(Request::Replay(_)) => Some(Request::Repair(Repair { platform: None })),
        Some(Request::Repair(_)) => {
            Some(Request::Fork(Fork { posts: vec![], configure: None, ..fork() }))
        }
        Some(Request::Fork(_)) => {
            let target = "team".to_owned();
            Some(Request::MemoryAttach(MemoryAttach { target, graph_id: None }))
        }
        Some(Request::MemoryAttach(_)) => Some(Request::MemoryRedrive(MemoryRedrive::default())),
        Some(Request::MemoryRedrive(_)) => Some(Request::Interview(Interview {
            agent_id: 2,
            prompt: "What do you make of the closure?".to_owned(),
            platform: Some(Platform::Twitter),
            at_round: None,
        })),
        Some(Request::Interview(_)) => {
            let question = |agent_id, prompt: &str, platform| Question {
                agent_id,
                prompt: prompt.to_owned(),
                platform,
            };
            let why = question(2, "What do you make of the closure?", None);
            let who = question(0, "Who are you?", Some(Platform::Twitter));
            let whom = Whom::Interviews(vec![why.clone(), who, why]);
            Some(Request::BatchInterview(BatchInterview { whom, platform: None, at_round: None }))
        }
        Some(Request::BatchInterview(_)) => Some(Request::Cancel(cancel())),
        Some(Request::Cancel(_)) => None,
    }
}

fn cancel() -> Cancel {
    Cancel { command_id: "01J-batch_interview_7".parse().unwrap(), client: None }
}

/// A command with this request.
pub(super) fn command(request: Request) -> Command {
    let command_id = format!("01J-{}_7", request.verb()).parse().unwrap();
    Command { command_id, request, issued_at: at(1), expires_at: None }
}

fn fork() -> Fork {
    let quickly = Configure { pace_milli: Some(0), ..Configure::default() };
    Fork { at_round: 1, posts: inject().posts, configure: Some(Box::new(quickly)), paused: false }
}

fn inject() -> Inject {
    let post = |agent_id, content: &str, platform| InjectedPost {
        agent_id,
        content: content.to_owned(),
        platform,
    };
    let only_twitter = post(2, "Pier 4 is closed until further notice.", Some(Platform::Twitter));
    Inject { posts: vec![only_twitter, post(0, "哪个码头？", None)] }
}

/// A request that changes all that can be changed.
fn configure_everything() -> Request {
    let feed = |viral_threshold| FeedChange {
        recency_ppm: Some(300_000),
        popularity_ppm: Some(500_000),
        relevance_ppm: Some(200_000),
        viral_threshold: Some(viral_threshold),
        echo_chamber_ppm: Some(700_000),
    };
    Request::Configure(Box::new(Configure {
        pace_milli: Some(0),
        seed: Some(contract::MAX_SAFE_INTEGER),
        time: Some(TimeChange {
            agents_per_hour_min: Some(1),
            agents_per_hour_max: Some(4),
            peak_hours: Some(hours(&[18, 19, 20])),
            peak_ppm: Some(2_000_000),
            off_peak_hours: Some(hours(&[])),
            off_peak_ppm: Some(50_000),
            morning_hours: Some(hours(&[6, 7, 8])),
            morning_ppm: Some(400_000),
            work_hours: Some(hours(&[9, 10, 11])),
            work_ppm: Some(700_000),
        }),
        hot_topics: Some(vec!["pier 4".to_owned(), "夜市".to_owned()]),
        narrative_direction: Some("The council takes it back.".to_owned()),
        twitter: Some(feed(5)),
        reddit: Some(feed(0)),
        agents: vec![
            AgentChange {
                agent_id: 1,
                activity_ppm: Some(900_000),
                active_hours: Some(hours(&[0, 23])),
                posts_per_hour_ppm: Some(2_000_000),
                comments_per_hour_ppm: Some(3_000_000),
                response_delay_min: Some(0),
                response_delay_max: Some(60),
                sentiment_ppm: Some(-400_000),
                stance: Some(Stance::Opposing),
                influence_ppm: Some(1_500_000),
            },
            AgentChange {
                agent_id: 0,
                activity_ppm: None,
                active_hours: None,
                posts_per_hour_ppm: None,
                comments_per_hour_ppm: None,
                response_delay_min: None,
                response_delay_max: None,
                sentiment_ppm: None,
                stance: Some(Stance::Observer),
                influence_ppm: None,
            },
        ],
        budget: None,
    }))
}

fn hours(hours: &[u8]) -> Hours {
    hours.to_vec().try_into().unwrap()
}
