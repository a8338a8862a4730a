//! A run's events as they are printed: which, in which order, in which words.

use std::collections::BTreeMap;
use std::io;

use contract::frame::{Frame, Marker, Outcome};
use contract::notice::LiveAction;
use contract::place::Place;
use contract::status::{EnvStatus, RunStatus};
use contract::subject::Platform;
use contract::timestamp::Timestamp;
use serde::Serialize;

use crate::lively::describe;
use crate::output::{Output, Paint, counted, fit, one_line, visible};
use crate::progress::{day, hour};
use crate::report::status_word;

/// Which events somebody wants to see.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Of one world only.
    pub platform: Option<Platform>,
    /// Actions of these types only, and no markers or states; all if empty.
    pub types: Vec<String>,
    /// Actions of this agent only, and no markers or states.
    pub agent: Option<u32>,
    /// Failed actions and looks at the feed as well.
    pub all: bool,
    /// What was seen already.
    pub after: Place,
}

/// Prints events.
pub struct Events {
    wanted: Wanted,
    json: bool,
    /// What has been passed, wanted or not.
    pub place: Place,
    heard: u64,
    shown: Option<State>,
    started: BTreeMap<Platform, Timestamp>,
}

/// What makes a state another one.
type State = (RunStatus, bool, Vec<(Platform, RunStatus)>, Option<String>);

/// One line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    cursor: String,
    #[serde(flatten)]
    event: Event<'a>,
}

#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event<'a> {
    Action { action: &'a LiveAction },
    Marker { platform: Platform, tick: u32, simulated_time: Timestamp, marker: &'a Marker },
    Status { status: &'a EnvStatus },
}

impl Events {
    /// Nothing printed yet.
    pub fn new(wanted: Wanted, json: bool) -> Events {
        let place = wanted.after;
        Events { wanted, json, place, heard: 0, shown: None, started: BTreeMap::new() }
    }

    /// The state that comes next stands at this place of its stream.
    pub fn heard(&mut self, sequence: u64) {
        self.heard = sequence;
    }

    /// Prints a state, if it is another one and its place is known.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn status(&mut self, status: &EnvStatus, output: &mut Output<'_>) -> io::Result<()> {
        let worlds = status.platforms.iter().map(|world| (world.platform, world.status)).collect();
        let state = (status.status, status.alive, worlds, status.reason.clone());
        let is_new = self.heard > self.place.status && self.shown.as_ref() != Some(&state);
        self.place.status = self.place.status.max(self.heard);
        if !is_new || !self.wanted.has_more_than_actions() {
            return Ok(());
        }
        self.shown = Some(state);
        if self.json {
            return self.print_json(Event::Status { status }, output);
        }
        let word = status_word(status.status, status.status.as_str(), output.paint());
        let reason = status.reason.as_deref().map(|why| format!(": {}", one_line(why, 200)));
        output.print(&format!("{} is {word}{}", status.run_id, reason.unwrap_or_default()))
    }

    /// Prints what happened in a tick, markers where they stand among the actions.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn frame(&mut self, frame: &Frame, output: &mut Output<'_>) -> io::Result<()> {
        self.started.entry(frame.platform).or_insert(frame.simulated_time);
        let mut markers = frame.markers.iter().peekable();
        for action in LiveAction::of(frame) {
            let seq = action.action.seq;
            while let Some(marker) = markers.next_if(|marker| marker.before_seq() <= seq) {
                self.marker(frame, marker, output)?;
            }
            self.action(&action, output)?;
        }
        markers.try_for_each(|marker| self.marker(frame, marker, output))
    }

    fn action(&mut self, action: &LiveAction, output: &mut Output<'_>) -> io::Result<()> {
        let (platform, seq) = (action.platform, action.action.seq);
        if seq <= self.place.seq(platform) {
            return Ok(());
        }
        self.place.set_seq(platform, seq);
        if !self.wanted.has(action) {
            return Ok(());
        }
        if self.json {
            return self.print_json(Event::Action { action }, output);
        }
        let paint = output.paint();
        let head = self.head(platform, action.simulated_time);
        let room = output.width().saturating_sub(visible(&head));
        let words = match &action.action.failure {
            None => describe(&action.action, room, paint),
            Some(why) => failed(action, why, room, paint),
        };
        output.print(&format!("{}{words}", paint.dim(&head)))
    }

    fn marker(&self, frame: &Frame, marker: &Marker, output: &mut Output<'_>) -> io::Result<()> {
        let Frame { platform, tick, simulated_time, .. } = *frame;
        let is_of_world = self.wanted.platform.is_none_or(|wanted| wanted == platform);
        let is_new = marker.before_seq() > self.wanted.after.seq(platform);
        if !is_of_world || !is_new || !self.wanted.has_more_than_actions() {
            return Ok(());
        }
        if self.json {
            let event = Event::Marker { platform, tick, simulated_time, marker };
            return self.print_json(event, output);
        }
        let text = format!("{}{}", self.head(platform, simulated_time), words(marker));
        let text = fit(&text, output.width());
        output.print(&output.paint().dim(&text))
    }

    fn print_json(&self, event: Event<'_>, output: &mut Output<'_>) -> io::Result<()> {
        output.print_json_line(&Line { cursor: self.place.to_string(), event })
    }

    /// When and where: `d1 22:00 twitter `.
    fn head(&self, platform: Platform, now: Timestamp) -> String {
        let started = self.started.get(&platform).copied().unwrap_or(now);
        format!("d{} {} {platform:7} ", day(started, now), hour(now))
    }
}

impl Wanted {
    fn has(&self, action: &LiveAction) -> bool {
        let body = &action.action.body;
        (self.all || action.action.success() && body.is_listed())
            && self.platform.is_none_or(|platform| platform == action.platform)
            && self.agent.is_none_or(|agent| agent == action.action.agent_id)
            && (self.types.is_empty() || self.types.iter().any(|name| name == body.type_name()))
    }

    fn has_more_than_actions(&self) -> bool {
        self.types.is_empty() && self.agent.is_none()
    }
}

fn failed(action: &LiveAction, why: &str, room: usize, paint: Paint) -> String {
    let who = one_line(&action.action.agent_name, room / 4);
    let kind = action.action.body.type_name();
    let taken = visible(&who) + 1 + kind.len() + " failed: ".len();
    let why = one_line(why, room.saturating_sub(taken));
    format!("{} {kind} {} {why}", paint.bold(&who), paint.red("failed:"))
}

fn words(marker: &Marker) -> String {
    match marker {
        Marker::SimulationStart { seed, agents, rounds, .. } => format!(
            "begins: {}, {}, seed {seed}",
            counted(u64::from(*agents), "agent"),
            counted(u64::from(*rounds), "round")
        ),
        Marker::RoundStart { round, .. } => format!("── round {round} ──"),
        Marker::RoundEnd { round, actions, active_agents, .. } => format!(
            "round {round}: {} of {}",
            counted(u64::from(*actions), "action"),
            counted(u64::from(*active_agents), "agent")
        ),
        Marker::SimulationEnd { outcome, rounds, actions, .. } => {
            let outcome = match outcome {
                Outcome::Completed => "completed",
                Outcome::Stopped => "stopped",
                Outcome::Failed => "failed",
            };
            let (rounds, actions) =
                (counted(u64::from(*rounds), "round"), counted(*actions, "action"));
            format!("ends: {outcome} after {rounds}, {actions}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{self, World, like, nothing, post};
    use crate::output::Screens;

    /// What is printed of three ticks on Twitter and the end.
    fn printed(wanted: Wanted, json: bool) -> Vec<String> {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut output = Output::new(&mut out, &mut err, Screens::default());
        let mut world = World::new(Platform::Twitter);
        let mut events = Events::new(wanted, json);
        let running = fixtures::status("market-1", RunStatus::Running);
        events.status(&running, &mut output).unwrap();
        for sequence in [41, 42] {
            events.heard(sequence);
            events.status(&running, &mut output).unwrap();
        }
        for frame in [
            world.tick(vec![(0, Ok(post(1, "Pier 9 closes"))), (1, Ok(nothing()))]),
            world.tick(vec![(2, Err((like(9, "Ada"), "there is no post 9")))]),
            world.end(),
        ] {
            events.frame(&frame, &mut output).unwrap();
        }
        events.heard(43);
        events.status(&fixtures::status("market-1", RunStatus::Completed), &mut output).unwrap();
        String::from_utf8(out).unwrap().lines().map(str::to_owned).collect()
    }

    #[test]
    fn events_stand_in_order_each_state_once() {
        assert_eq!(
            printed(Wanted { all: true, ..Wanted::default() }, false),
            [
                "market-1 is running",
                "d1 22:00 twitter Ada posts “Pier 9 closes”",
                "d1 22:00 twitter Ben does nothing",
                "d1 23:00 twitter Cleo LIKE_POST failed: there is no post 9",
                "d2 00:00 twitter ends: completed after 2 rounds, 3 actions",
                "market-1 is completed",
            ]
        );
    }

    #[test]
    fn a_filter_leaves_actions_alone() {
        let types = vec!["CREATE_POST".to_owned()];
        let one = ["d1 22:00 twitter Ada posts “Pier 9 closes”"];
        assert_eq!(printed(Wanted { types, ..Wanted::default() }, false), one);
        assert_eq!(printed(Wanted { agent: Some(0), ..Wanted::default() }, false), one);
        let reddit = Wanted { platform: Some(Platform::Reddit), ..Wanted::default() };
        assert_eq!(printed(reddit, false), ["market-1 is running", "market-1 is completed"]);
    }

    #[test]
    fn whoever_hands_a_cursor_back_gets_what_came_after_it() {
        let wanted =
            |after: &str| Wanted { all: true, after: after.parse().unwrap(), ..Wanted::default() };
        let all = printed(wanted("0.0.0"), true);
        let cursors: Vec<String> = all
            .iter()
            .map(|line| {
                let line: serde_json::Value = serde_json::from_str(line).unwrap();
                line["cursor"].as_str().unwrap().to_owned()
            })
            .collect();
        assert_eq!(cursors, ["0.0.41", "1.0.42", "2.0.42", "3.0.42", "3.0.42", "3.0.43"]);
        for (at, cursor) in cursors.iter().enumerate().skip(1).take(2) {
            assert_eq!(printed(wanted(cursor), true), all[at + 1..], "after {cursor}");
        }
        // The end stands behind the last action, where the same cursor has two events.
        assert_eq!(printed(wanted("3.0.42"), true), all[4..]);
    }
}
