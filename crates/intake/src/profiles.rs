//! What both profile files have in common: one profile per agent, in the agents' order.

use std::collections::BTreeSet;

use contract::door::Door;
use contract::spec::Profile;

use crate::findings::Findings;
use crate::reading::{counted, is_blank};
use crate::{CONFIG_FILE, Limits};

/// Reads a profile file, given its bytes and the number of agents, where it is known.
pub(crate) type Reader = fn(&[u8], Option<usize>, &Limits, &mut Findings) -> Vec<Profile>;

/// One profile as it stands in its file.
#[derive(Debug, Default)]
pub(crate) struct Row {
    /// What is no number at all counts as [`NOBODY`].
    pub(crate) user_id: Option<u64>,
    /// Whom it follows; `profile.follows` is still empty.
    pub(crate) followees: Vec<i64>,
    pub(crate) profile: Profile,
}

/// An id that no agent has.
pub(crate) const NOBODY: u64 = u64::MAX;

/// The profiles of `rows` by agent id, and notes on what may surprise in them.
///
/// A row's place is its agent's id, as it is for OASIS. Only where every row has a `user_id`
/// and these are 0 to n - 1 in another order, somebody has sorted the rows, and the ids tell.
///
/// Data that was collected is never quite clean, so follows of nobody, of the agent itself and
/// of the same agent twice are left out, and so are past posts that are blank.
pub(crate) fn by_agent(mut rows: Vec<Row>, document: &str) -> (Vec<Profile>, Vec<String>) {
    let order = in_order_of_agents(&mut rows);
    let count = rows.len();
    let (mut profiles, mut no_follows, mut no_posts) = (Vec::with_capacity(count), 0, 0);
    for (id, row) in rows.into_iter().enumerate() {
        let mut profile = filled(row.profile);
        profile.follows = others(&row.followees, id, count);
        no_follows += row.followees.len() - profile.follows.len();
        let posts = profile.past_posts.len();
        profile.past_posts.retain(|post| !is_blank(post));
        no_posts += posts - profile.past_posts.len();
        profiles.push(profile);
    }
    let left_out = [
        ("follows of nobody, of oneself and of the same agent twice", no_follows),
        ("previous posts that are blank", no_posts),
    ];
    let counted = left_out.into_iter().filter(|(_, count)| *count > 0);
    let counted = counted.map(|(what, count)| format!("{what} are left out: {count}"));
    let notes = order.into_iter().chain(counted).map(|note| format!("{document}: {note}"));
    (profiles, notes.collect())
}

/// Puts `rows` in the order of their agents; a note where their `user_id` asks for a word.
fn in_order_of_agents(rows: &mut [Row]) -> Option<String> {
    let is_order = |ids: &[Option<u64>]| (0..).zip(ids).all(|(id, found)| *found == Some(id));
    let mut ids: Vec<Option<u64>> = rows.iter().map(|row| row.user_id).collect();
    if is_order(&ids) || ids.iter().all(Option::is_none) {
        return None;
    }
    ids.sort_unstable();
    if is_order(&ids) {
        rows.sort_by_key(|row| row.user_id);
        return Some("profiles are taken in the order of user_id, not of the file".to_owned());
    }
    let last = rows.len() - 1;
    Some(format!(
        "user_id is not 0 to {last}, each once, so a profile's place in the file is its agent's id"
    ))
}

/// The ids among `followees` that are those of other agents, each once.
fn others(followees: &[i64], agent: usize, count: usize) -> Vec<u32> {
    let mut seen = BTreeSet::new();
    let is_other = |id: &u32| (*id as usize) < count && *id as usize != agent && seen.insert(*id);
    followees.iter().filter_map(|id| u32::try_from(*id).ok()).filter(is_other).collect()
}

/// Reports a number of profiles that is not the number of agents.
pub(crate) fn check_count(found: usize, agents: Option<usize>, door: &Door) {
    let Some(agents) = agents.filter(|agents| *agents != found) else { return };
    let short = if found < agents {
        format!("agent {found} is the first without one")
    } else {
        format!("profile {agents} is the first without an agent")
    };
    let expected = format!("{agents}, one per agent of {CONFIG_FILE} ({short})");
    door.report("", counted(found, "profile"), &expected);
}

/// What is blank falls back: the name to the handle, bio and persona to the name.
fn filled(mut profile: Profile) -> Profile {
    if is_blank(&profile.name) {
        profile.name.clone_from(&profile.user_name);
    }
    for text in [&mut profile.bio, &mut profile.persona] {
        if is_blank(text) {
            text.clone_from(&profile.name);
        }
    }
    profile
}
