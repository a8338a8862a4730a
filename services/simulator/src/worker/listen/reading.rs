//! A source's frames, message by message: which rounds they are. Pure.

use contract::action::{Action, ActionBody, CreatePost};
use contract::frame::{Assembler, Frame};
use contract::id::Digest;
use contract::journal::HeardPost;

use crate::protocol::sources::{News, Round};

/// Where the reading of a source's frames is.
#[derive(Debug)]
pub(super) struct Reading {
    /// The next round that is wanted.
    next: u32,
    /// The last frame that continued its chain.
    last: Option<(u32, Digest)>,
    parts: Assembler,
}

impl Reading {
    /// Begins with the round `next`.
    pub(super) fn new(next: u32) -> Reading {
        Reading { next, last: None, parts: Assembler::default() }
    }

    /// Takes the next message; gives the round that is whole with it, if that is wanted. What was
    /// read already comes again where a source was repaired, or its stream went backwards.
    pub(super) fn take(&mut self, sequence: u64, body: &[u8]) -> Option<News> {
        let read = serde_json::from_slice::<Frame>(body).map_err(|error| error.to_string());
        let whole = read.and_then(|part| self.parts.push(part).map_err(|error| error.to_string()));
        match whole.and_then(|whole| whole.map(|frame| self.check(frame)).transpose()) {
            Ok(None) => None,
            Ok(Some(frame)) if frame.tick == self.next => {
                self.next += 1;
                let posts = frame.actions.into_iter().filter_map(post).collect();
                Some(News::Round(Round { round: frame.tick, sequence, posts }))
            }
            Ok(Some(_)) => None,
            // Reading may begin within a frame.
            Err(_) if self.last.is_none() => None,
            Err(what) => Some(News::Trouble(format!("message {sequence}: {what}"))),
        }
    }

    /// A frame that continues the chain, begins it, or is the first that is read.
    fn check(&mut self, frame: Frame) -> Result<Frame, String> {
        let continues = self.last.is_none_or(|(tick, digest)| {
            tick.checked_add(1) == Some(frame.tick) && digest == frame.previous_digest
        });
        let begins = frame.tick == 0 && frame.previous_digest == Digest::ZERO;
        if !continues && !begins {
            return Err(format!("the frame of tick {} does not follow the one before", frame.tick));
        }
        if self.last.is_none() && frame.tick > self.next {
            return Err(format!("the frame of tick {} is not there", self.next));
        }
        self.last = Some((frame.tick, frame.digest));
        Ok(frame)
    }
}

/// The post that an action made, if it did.
fn post(action: Action) -> Option<HeardPost> {
    let succeeded = action.success();
    let Action { seq, agent_id, body, .. } = action;
    match body {
        ActionBody::CreatePost(CreatePost { content, .. }) if succeeded => {
            Some(HeardPost { seq, agent_id, content })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::action::DoNothing;
    use contract::subject::Platform;
    use contract::timestamp::Timestamp;
    use contract::version::V1;

    /// A chain of frames, each with a post, a post that failed, and something else.
    fn frames(count: u32) -> Vec<Frame> {
        let (mut frames, mut digest) = (Vec::new(), Digest::ZERO);
        for tick in 0..count {
            let action = |seq, body, failure| Action {
                seq,
                agent_id: 3,
                agent_name: "Ada".to_owned(),
                body,
                failure,
            };
            let said = |content: String| CreatePost { content, post_id: None };
            let first_seq = u64::from(tick) * 3 + 1;
            let post = ActionBody::CreatePost(said(format!("said in {tick}")));
            let failed = ActionBody::CreatePost(said(String::new()));
            let actions = vec![
                action(first_seq, post, None),
                action(first_seq + 1, failed, Some("text is empty".to_owned())),
                action(first_seq + 2, ActionBody::DoNothing(DoNothing {}), None),
            ];
            let mut frame = Frame {
                v: V1,
                run_id: "market-7".parse().unwrap(),
                platform: Platform::Twitter,
                tick,
                round: tick,
                simulated_time: Timestamp::EPOCH,
                timestamp: Timestamp::EPOCH,
                first_seq,
                part: 1,
                parts: 1,
                previous_digest: digest,
                digest: Digest::ZERO,
                options: None,
                memory: None,
                markers: vec![],
                actions,
            };
            frame.digest = frame.compute_digest();
            digest = frame.digest;
            frames.push(frame);
        }
        frames
    }

    fn take(reading: &mut Reading, sequence: u64, frame: &Frame) -> Vec<News> {
        let messages = frame.to_messages(1);
        messages.iter().filter_map(|message| reading.take(sequence, message)).collect()
    }

    fn round(round: u32, sequence: u64) -> News {
        let seq = u64::from(round) * 3 + 1;
        let post = HeardPost { seq, agent_id: 3, content: format!("said in {round}") };
        News::Round(Round { round, sequence, posts: vec![post] })
    }

    fn trouble(news: &[News]) -> &str {
        let [News::Trouble(what)] = news else { panic!("{news:?}") };
        what
    }

    #[test]
    fn each_round_that_is_wanted_comes_once_with_the_posts_that_were_made() {
        let frames = frames(4);
        let mut reading = Reading::new(1);
        assert_eq!(take(&mut reading, 5, &frames[0]), []);
        assert_eq!(take(&mut reading, 6, &frames[1]), [round(1, 6)]);
        // Repaired: all of it stands behind what was read.
        for (sequence, frame) in (7..).zip(&frames[..2]) {
            assert_eq!(take(&mut reading, sequence, frame), []);
        }
        assert_eq!(take(&mut reading, 9, &frames[2]), [round(2, 9)]);
    }

    #[test]
    fn reading_may_begin_between_two_frames_and_within_one() {
        let frames = frames(4);
        let mut reading = Reading::new(2);
        let tail = frames[1].to_messages(1).pop().unwrap();
        assert_eq!(reading.take(4, &tail), None);
        assert_eq!(take(&mut reading, 5, &frames[2]), [round(2, 5)]);
        assert_eq!(take(&mut reading, 6, &frames[3]), [round(3, 6)]);
    }

    #[test]
    fn what_does_not_follow_is_trouble_until_it_is_repaired() {
        let frames = frames(4);
        let mut reading = Reading::new(0);
        assert_eq!(take(&mut reading, 1, &frames[0]), [round(0, 1)]);
        let gap = take(&mut reading, 2, &frames[2]);
        assert_eq!(trouble(&gap), "message 2: the frame of tick 2 does not follow the one before");
        let nonsense = reading.take(3, b"{}").into_iter().collect::<Vec<_>>();
        assert!(trouble(&nonsense).starts_with("message 3: missing field"), "{nonsense:?}");
        let mut forged = frames[1].clone();
        forged.actions[0].agent_id = 9;
        let forged = take(&mut reading, 4, &forged);
        assert!(trouble(&forged).starts_with("message 4: "), "{forged:?}");
        let news: Vec<_> =
            (5..).zip(&frames).flat_map(|(at, it)| take(&mut reading, at, it)).collect();
        assert_eq!(news, [round(1, 6), round(2, 7), round(3, 8)]);
    }
}
