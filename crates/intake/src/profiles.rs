//! What both profile files have in common: one profile per agent, in the agents' order.

use contract::door::Door;
use contract::spec::Profile;

use crate::findings::Findings;
use crate::reading::is_blank;
use crate::{CONFIG_FILE, Limits};

/// Reads a profile file, given its bytes and the number of agents, where it is known.
pub(crate) type Reader = fn(&[u8], Option<usize>, &Limits, &mut Findings) -> Vec<Profile>;

/// One profile as it stands in its file.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) user_id: Option<u64>,
    pub(crate) profile: Profile,
}

/// The profiles of `rows` by agent id, and a note where that is not their order in the file.
///
/// A row's place is its agent's id, as it is for OASIS. Only where every row has a `user_id`
/// and these are 0 to n - 1 in another order, somebody has sorted the rows, and the ids tell.
pub(crate) fn by_agent(mut rows: Vec<Row>, document: &str) -> (Vec<Profile>, Option<String>) {
    let in_order = |rows: &[Row]| (0..).zip(rows).all(|(id, row)| row.user_id == Some(id));
    let mut note = None;
    if !in_order(&rows) {
        let mut ids: Vec<Option<u64>> = rows.iter().map(|row| row.user_id).collect();
        ids.sort_unstable();
        if (0..).zip(ids).all(|(id, found)| found == Some(id)) {
            rows.sort_by_key(|row| row.user_id);
            note = Some(format!(
                "{document}: profiles are taken in the order of user_id, not of the file"
            ));
        }
    }
    (rows.into_iter().map(|row| filled(row.profile)).collect(), note)
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
    door.report("", format!("{found} profiles"), &expected);
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
