//! When a batch is refused as a whole: where none of the worlds that it is for can be asked.

use std::sync::Arc;

use contract::reply::ReplyError;
use contract::subject::Platform;

use super::super::answer::Said;

/// What came of a question in one world.
pub(super) struct Outcome {
    pub(super) prompt: Arc<str>,
    pub(super) agent_id: u32,
    pub(super) platform: Platform,
    pub(super) said: Said,
    /// The whole world could not be asked.
    pub(super) is_unasked: bool,
}

/// Outcomes that are held back for as long as all of them are of worlds that cannot be asked, since
/// others may be.
pub(super) struct Held {
    /// The worlds that the questions are for.
    wanted: Vec<Platform>,
    outcomes: Vec<Outcome>,
    /// Some world was asked, and nothing is held back any more.
    is_over: bool,
}

impl Held {
    /// Of a batch for these worlds.
    pub(super) fn new(wanted: Vec<Platform>) -> Held {
        Held { wanted, outcomes: Vec::new(), is_over: false }
    }

    /// Takes the next ones; gives what is to be told now, in order.
    ///
    /// # Errors
    /// The first failure, once no world is left that may be asked.
    pub(super) fn take(&mut self, outcomes: Vec<Outcome>) -> Result<Vec<Outcome>, ReplyError> {
        self.is_over |= outcomes.iter().any(|outcome| !outcome.is_unasked);
        self.outcomes.extend(outcomes);
        let cannot = |world: &Platform| self.outcomes.iter().any(|it| it.platform == *world);
        if !self.is_over
            && self.wanted.iter().all(cannot)
            && let Some(Err(first)) = self.outcomes.first().map(|outcome| &outcome.said)
        {
            return Err(first.clone());
        }
        Ok(if self.is_over { std::mem::take(&mut self.outcomes) } else { Vec::new() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::reply::{Answer, AsOf, ErrorCode};

    fn outcome(agent_id: u32, platform: Platform, can_be_asked: bool) -> Outcome {
        let (code, message) = (ErrorCode::UnknownPlatform, format!("there is no {platform} world"));
        let as_of = AsOf { tick: 0, round: 0 };
        let said = match can_be_asked {
            true => Ok((
                "Ada".to_owned(),
                Answer { platform, response: String::new(), as_of, model: None },
            )),
            false => Err(ReplyError { code, message }),
        };
        Outcome { prompt: "Why?".into(), agent_id, platform, said, is_unasked: !can_be_asked }
    }

    fn told(held: &mut Held, outcomes: Vec<Outcome>) -> Result<Vec<u32>, ErrorCode> {
        let told = held.take(outcomes).map_err(|error| error.code)?;
        Ok(told.iter().map(|outcome| outcome.agent_id).collect())
    }

    #[test]
    fn a_batch_is_refused_only_if_none_of_its_worlds_can_be_asked() {
        let (twitter, reddit) = (Platform::Twitter, Platform::Reddit);
        let unknown = || (0..64).map(|agent| outcome(agent, reddit, false)).collect();
        let mut held = Held::new(Platform::ALL.to_vec());
        assert_eq!(told(&mut held, unknown()), Ok(Vec::new()), "another may be there");
        let all: Vec<u32> = (0..65).collect();
        assert_eq!(told(&mut held, vec![outcome(64, twitter, true)]), Ok(all));
        assert_eq!(told(&mut held, vec![outcome(65, reddit, false)]), Ok(vec![65]));
        let mut held = Held::new(Platform::ALL.to_vec());
        assert_eq!(told(&mut held, unknown()), Ok(Vec::new()));
        let refused = told(&mut held, vec![outcome(64, twitter, false)]);
        assert_eq!(refused, Err(ErrorCode::UnknownPlatform));
        let mut held = Held::new(vec![reddit]);
        assert_eq!(told(&mut held, unknown()), Err(ErrorCode::UnknownPlatform), "at once");
    }
}
