//! What may be asked of a run's past: any node carries it out, beside the run.

use serde::Serialize;

use super::change::Configure;
use super::request::{InjectedPost, read_platform, read_posts};
use crate::door::Object;
use crate::subject::Platform;

/// Arguments of `verify`: execute the journal again and compare every frame with what is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verify {
    /// Which world; `None`: each that the run has.
    pub platform: Option<Platform>,
    /// Keep beside the run until its rounds are over, instead of ending where it is now.
    pub follow: bool,
}

/// Arguments of `replay`: execute the journal again and say the digests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Replay {
    /// Which world; `None`: each that the run has.
    pub platform: Option<Platform>,
    /// The first tick whose digest is wanted; `None`: 0.
    pub first: Option<u32>,
    /// The last one; `None`: the last that there is.
    pub last: Option<u32>,
}

/// Arguments of `repair`: remove the frames and store what the journal makes of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Repair {
    /// Which world; `None`: each that the run has.
    pub platform: Option<Platform>,
}

/// Arguments of `fork`: a new run that was the old one up to a round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fork {
    /// The last round that the two share.
    pub at_round: u32,
    /// Posts of the round after it, as in `inject`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub posts: Vec<InjectedPost>,
    /// A change that the round after it takes, as in `configure`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub configure: Option<Box<Configure>>,
    /// The new run plays no rounds until it is resumed. Not together with posts or a change.
    pub paused: bool,
}

impl Verify {
    pub(super) fn read(args: &Object<'_>) -> Verify {
        args.refuse_unknown(&["platform", "follow"]);
        Verify { platform: read_platform(args), follow: args.boolean("follow").unwrap_or(false) }
    }
}

impl Replay {
    pub(super) fn read(args: &Object<'_>) -> Replay {
        args.refuse_unknown(&["platform", "first", "last"]);
        let platform = read_platform(args);
        let first = args.u32("first", 0..=u32::MAX);
        Replay { platform, first, last: args.u32("last", first.unwrap_or(0)..=u32::MAX) }
    }
}

impl Repair {
    pub(super) fn read(args: &Object<'_>) -> Repair {
        args.refuse_unknown(&["platform"]);
        Repair { platform: read_platform(args) }
    }
}

impl Fork {
    /// True if the round after the shared ones is another one than it was.
    pub fn is_changed(&self) -> bool {
        !self.posts.is_empty() || self.configure.is_some()
    }

    pub(super) fn read(args: &Object<'_>) -> Option<Fork> {
        args.refuse_unknown(&["at_round", "posts", "configure", "paused"]);
        args.require("at_round", "the last round that the two share");
        let at_round = args.u32("at_round", 0..=u32::MAX);
        let posts = match args.get("posts") {
            None => Some(Vec::new()),
            Some(_) => read_posts(args),
        };
        let configure = args.object("configure").map(|change| Configure::read(&change));
        let paused = args.boolean("paused").unwrap_or(false);
        let changes = configure.is_some() || posts.as_ref().is_none_or(|posts| !posts.is_empty());
        if paused && changes {
            let expected = "false, since its posts and changes belong to the round after the fork";
            args.report("paused", "true", expected);
        }
        let configure = match configure {
            Some(change) => Some(Box::new(change?)),
            None => None,
        };
        Some(Fork { at_round: at_round?, posts: posts?, configure, paused })
    }
}
