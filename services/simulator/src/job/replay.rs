//! `replay`: the journal executed again, and the digests of what comes out.

use std::time::Instant;

use contract::command::Replay as Asked;
use contract::past::{MAX_DIGESTS, Stage, WorldReplay};
use contract::reply::ReplyResult;
use contract::subject::Platform;
use futures_util::future::try_join_all;

use super::{Failure, Job, since};
use crate::past::Replay;
use crate::worker::step::blocking;

impl Job {
    pub(super) async fn replay(&self, asked: &Asked) -> Result<ReplyResult, Failure> {
        let worlds = self.worlds(asked.platform)?;
        let replays = worlds.into_iter().map(|platform| self.replay_world(platform, asked));
        Ok(ReplyResult::Replayed { worlds: try_join_all(replays).await? })
    }

    async fn replay_world(
        &self,
        platform: Platform,
        asked: &Asked,
    ) -> Result<WorldReplay, Failure> {
        let begun = Instant::now();
        let past = self.begun(platform).await?;
        let mut replay = Replay::new(&self.spec, past.genesis)?;
        let wanted = asked.last.map_or(usize::MAX, |last| last as usize + 1);
        let ticks: Vec<_> = past.journal.ticks.into_iter().take(wanted).collect();
        let count = u32::try_from(ticks.len()).unwrap_or(u32::MAX);
        let first = asked.first.unwrap_or(0).max(count.saturating_sub(MAX_DIGESTS)).min(count);
        let report = self.reporter.begin(Stage::Executing, Some(platform), count);
        let played = blocking(move || {
            let (mut digests, mut actions) = (Vec::new(), 0);
            for record in &ticks {
                let frame = replay.play(record)?;
                actions += frame.actions.len() as u64;
                let tick = record.record.tick;
                if tick >= first {
                    digests.push(frame.digest);
                }
                report.says(tick + 1, actions, 0);
            }
            Ok((digests, actions, replay.chain().digest))
        });
        let (digests, actions, digest) = played.await?;
        let (ticks, milliseconds) = (count, since(begun));
        Ok(WorldReplay { platform, ticks, actions, digest, first, digests, milliseconds })
    }
}
