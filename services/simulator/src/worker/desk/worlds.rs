//! Which worlds a request is for, and what their answers make of its reply: pure.

use contract::command::{Configure, Request, Verb};
use contract::reply::{AppliedAt, OldWorker, ReplyError, ReplyResult};
use contract::subject::Platform;

use super::super::board::Board;
use super::super::lane::{Done, Refusal};

/// The worlds that a request is for, out of `all` that the run has.
///
/// # Errors
/// The first that it names and the run has not.
pub(super) fn worlds_of(request: &Request, all: &[Platform]) -> Result<Vec<Platform>, Platform> {
    let named = match request {
        Request::Inject(inject) => {
            let named = inject.posts.iter().map(|post| post.platform);
            named.collect::<Option<Vec<_>>>()
        }
        Request::Configure(change) => only_feeds(change),
        _ => None,
    };
    let mentioned = match request {
        Request::Inject(inject) => inject.posts.iter().filter_map(|post| post.platform).collect(),
        Request::Configure(change) => feeds(change),
        _ => Vec::new(),
    };
    if let Some(missing) = mentioned.into_iter().find(|platform| !all.contains(platform)) {
        return Err(missing);
    }
    let is_meant =
        |platform: &Platform| named.as_ref().is_none_or(|named| named.contains(platform));
    Ok(all.iter().copied().filter(is_meant).collect())
}

/// The worlds whose feeds a change names.
fn feeds(change: &Configure) -> Vec<Platform> {
    Platform::ALL.into_iter().filter(|platform| change.feed(*platform).is_some()).collect()
}

/// The same, where a change is of nothing but feeds.
fn only_feeds(change: &Configure) -> Option<Vec<Platform>> {
    let Configure {
        pace_milli,
        budget,
        seed,
        time,
        hot_topics,
        narrative_direction,
        twitter: _,
        reddit: _,
        agents,
    } = change;
    let more = pace_milli.is_some()
        || budget.is_some()
        || seed.is_some()
        || time.is_some()
        || hot_topics.is_some()
        || narrative_direction.is_some()
        || !agents.is_empty();
    (!more).then(|| feeds(change))
}

/// What the reply to a command says.
pub(super) fn outcome(
    verb: Verb,
    done: &[(Platform, Done)],
    board: &Board,
    old_worker: Option<OldWorker>,
) -> ReplyResult {
    let status = board.status().status;
    let epoch = done.iter().map(|(_, done)| done.epoch).max().unwrap_or_default();
    match verb {
        Verb::Start => ReplyResult::Started { epoch },
        Verb::Stop => ReplyResult::Stopped { status, old_worker },
        Verb::Pause => ReplyResult::Paused { status },
        Verb::Resume => ReplyResult::Resumed { epoch, status },
        Verb::CloseEnv => ReplyResult::Closed { status },
        Verb::Inject
        | Verb::Configure
        | Verb::Delete
        | Verb::Verify
        | Verb::Replay
        | Verb::Repair
        | Verb::Fork
        | Verb::MemoryAttach
        | Verb::MemoryRedrive
        | Verb::Interview
        | Verb::BatchInterview
        | Verb::Cancel => {
            let at = |(platform, done): &(Platform, Done)| {
                Some(AppliedAt { platform: *platform, tick: done.tick? })
            };
            ReplyResult::Applied { ticks: done.iter().filter_map(at).collect() }
        }
    }
}

/// The worlds that carried a command out, unless one says that the stream of commands went back.
pub(super) fn done(
    answers: Vec<(Platform, Result<Done, Refusal>)>,
) -> Result<Vec<(Platform, Done)>, ReplyError> {
    let mut all = Vec::new();
    for (platform, answer) in answers {
        all.push(match answer {
            Ok(done) => (platform, Ok(done)),
            Err(Refusal::Own(error)) => (platform, Err(error)),
            Err(Refusal::WentBack(error)) => return Err(error),
        });
    }
    first_failure_if_all(all)
}

/// One world's answer is an answer; only where none has one is there a failure.
fn first_failure_if_all<T>(
    answers: Vec<(Platform, Result<T, ReplyError>)>,
) -> Result<Vec<(Platform, T)>, ReplyError> {
    let (mut good, mut failure) = (Vec::new(), None);
    for (platform, answer) in answers {
        match answer {
            Ok(answer) => good.push((platform, answer)),
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    match failure {
        Some(failure) if good.is_empty() => Err(failure),
        _ => Ok(good),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::reply::ErrorCode;

    #[test]
    fn one_worlds_answer_is_an_answer_unless_the_stream_went_back() {
        let error =
            |message: &str| ReplyError { code: ErrorCode::Internal, message: message.into() };
        let carried_out = || Ok(Done { epoch: 2, tick: None });
        let own = || Err(Refusal::Own(error("own")));
        let went_back = || Err(Refusal::WentBack(error("back")));
        let both = |twitter, reddit| {
            let done = done(vec![(Platform::Twitter, twitter), (Platform::Reddit, reddit)]);
            done.map(|done| done.len()).map_err(|error| error.message)
        };
        let back = || Err("back".to_owned());
        assert_eq!(both(carried_out(), carried_out()), Ok(2));
        assert_eq!(both(own(), carried_out()), Ok(1));
        assert_eq!(both(own(), own()), Err("own".to_owned()));
        assert_eq!((both(carried_out(), went_back()), both(went_back(), own())), (back(), back()));
        assert_eq!(both(own(), went_back()), back());
    }
}
