//! `actions.jsonl` as MiroFish's workers write it.

use std::io::Write;

use contract::action::{Action, ActionBody};
use contract::frame::{Frame, Marker};
use contract::subject::Platform;
use serde::Serialize;

use crate::error::ExportError;
use crate::hours;
use crate::time::zoneless;

/// Writes the rows of one world: frames in, lines out.
#[derive(Debug)]
pub struct ActionLog<W> {
    out: W,
    all_actions: bool,
    in_round: u64,
    /// Rows of actions so far.
    actions: u64,
    /// Rows of any kind so far.
    rows: u64,
}

/// One line. Fields in the original's order.
#[derive(Serialize)]
#[serde(untagged)]
enum Row<'a> {
    Start {
        timestamp: &'a str,
        event_type: &'static str,
        platform: Platform,
        total_rounds: u32,
        agents_count: u32,
    },
    RoundStart {
        round: u32,
        timestamp: &'a str,
        event_type: &'static str,
        simulated_hour: u32,
    },
    Action {
        round: u32,
        timestamp: &'a str,
        agent_id: u32,
        agent_name: &'a str,
        action_type: &'static str,
        action_args: &'a ActionBody,
        result: Option<&'a str>,
        success: bool,
    },
    RoundEnd {
        round: u32,
        timestamp: &'a str,
        event_type: &'static str,
        actions_count: u64,
        simulated_hours: f64,
    },
    End {
        timestamp: &'a str,
        event_type: &'static str,
        platform: Platform,
        total_rounds: u32,
        total_actions: u64,
    },
}

impl<W: Write> ActionLog<W> {
    /// Rows of successful actions other than REFRESH; with `all_actions` of failed ones and
    /// REFRESH as well.
    pub fn new(out: W, all_actions: bool) -> ActionLog<W> {
        ActionLog { out, all_actions, in_round: 0, actions: 0, rows: 0 }
    }

    /// Writes the rows of the next frame: actions and markers in their order.
    ///
    /// # Errors
    /// If they cannot be written.
    pub fn frame(&mut self, frame: &Frame) -> Result<(), ExportError> {
        let timestamp = zoneless(frame.timestamp);
        let mut markers = frame.markers.iter().peekable();
        for action in &frame.actions {
            while let Some(marker) = markers.next_if(|marker| marker.before_seq() <= action.seq) {
                self.marker(frame, marker, &timestamp)?;
            }
            if is_wanted(action, self.all_actions) {
                self.action(frame.round, action, &timestamp)?;
            }
        }
        markers.try_for_each(|marker| self.marker(frame, marker, &timestamp))
    }

    /// Rows so far, events included.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Where the rows went, with all of them written.
    ///
    /// # Errors
    /// If the last of them cannot be.
    pub fn finish(mut self) -> Result<W, ExportError> {
        self.out.flush().map_err(ExportError::row("actions.jsonl"))?;
        Ok(self.out)
    }

    fn action(&mut self, round: u32, action: &Action, timestamp: &str) -> Result<(), ExportError> {
        self.in_round += 1;
        self.actions += 1;
        self.write(&Row::Action {
            round,
            timestamp,
            agent_id: action.agent_id,
            agent_name: &action.agent_name,
            action_type: action.body.type_name(),
            action_args: &action.body,
            result: action.failure.as_deref(),
            success: action.success(),
        })
    }

    fn marker(
        &mut self,
        frame: &Frame,
        marker: &Marker,
        timestamp: &str,
    ) -> Result<(), ExportError> {
        let platform = frame.platform;
        let row = match *marker {
            Marker::SimulationStart { agents, rounds, .. } => Row::Start {
                timestamp,
                event_type: "simulation_start",
                platform,
                total_rounds: rounds,
                agents_count: agents,
            },
            Marker::RoundStart { round, simulated_hour, .. } => {
                self.in_round = 0;
                Row::RoundStart { round, timestamp, event_type: "round_start", simulated_hour }
            }
            Marker::RoundEnd { round, simulated_minutes, .. } => Row::RoundEnd {
                round,
                timestamp,
                event_type: "round_end",
                actions_count: self.in_round,
                simulated_hours: hours(simulated_minutes),
            },
            Marker::SimulationEnd { rounds, .. } => Row::End {
                timestamp,
                event_type: "simulation_end",
                platform,
                total_rounds: rounds,
                total_actions: self.actions,
            },
        };
        self.write(&row)
    }

    fn write(&mut self, row: &Row<'_>) -> Result<(), ExportError> {
        self.rows += 1;
        serde_json::to_writer(&mut self.out, row).map_err(ExportError::row("actions.jsonl"))?;
        self.out.write_all(b"\n").map_err(ExportError::row("actions.jsonl"))
    }
}

/// Whether lists in MiroFish's shape hold an action; `all`: they hold each.
pub(crate) fn is_wanted(action: &Action, all: bool) -> bool {
    all || (action.success() && action.body.is_listed())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{World, failed, like, nothing, post, refresh};

    fn lines(all_actions: bool) -> Vec<String> {
        let mut world = World::new(Platform::Twitter);
        let frames = [
            world.tick(vec![(0, Ok(post(1, "Pier 9 \"closes\"")))]),
            world.tick(vec![
                (1, Ok(refresh(&[1]))),
                (1, Ok(like(1, 1))),
                (2, failed(like(1, 9), "like record already exists")),
                (2, Ok(nothing())),
            ]),
            world.end(),
        ];
        let mut log = ActionLog::new(Vec::new(), all_actions);
        frames.iter().for_each(|frame| log.frame(frame).unwrap());
        assert_eq!(log.rows(), if all_actions { 13 } else { 11 });
        let text = String::from_utf8(log.finish().unwrap()).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn rows_are_the_originals_in_fields_and_order() {
        let at = r#""timestamp":"2026-03-01T10:00:00.250000""#;
        let expected = [
            format!(
                r#"{{{at},"event_type":"simulation_start","platform":"twitter","total_rounds":2,"agents_count":3}}"#
            ),
            format!(r#"{{"round":0,{at},"event_type":"round_start","simulated_hour":22}}"#),
            format!(
                r#"{{"round":0,{at},"agent_id":0,"agent_name":"Ada","action_type":"CREATE_POST","action_args":{{"content":"Pier 9 \"closes\"","post_id":1}},"result":null,"success":true}}"#
            ),
            format!(
                r#"{{"round":0,{at},"event_type":"round_end","actions_count":1,"simulated_hours":0.0}}"#
            ),
            format!(r#"{{"round":1,{at},"event_type":"round_start","simulated_hour":23}}"#),
            format!(
                r#"{{"round":1,{at},"agent_id":1,"agent_name":"Ben","action_type":"LIKE_POST","action_args":{{"post_id":1,"like_id":1,"post_content":"text of 1","post_author_name":"Ada"}},"result":null,"success":true}}"#
            ),
            format!(
                r#"{{"round":1,{at},"agent_id":2,"agent_name":"Cleo","action_type":"DO_NOTHING","action_args":{{}},"result":null,"success":true}}"#
            ),
            format!(
                r#"{{"round":1,{at},"event_type":"round_end","actions_count":2,"simulated_hours":1.0}}"#
            ),
            format!(r#"{{"round":2,{at},"event_type":"round_start","simulated_hour":0}}"#),
            format!(
                r#"{{"round":2,{at},"event_type":"round_end","actions_count":0,"simulated_hours":2.0}}"#
            ),
            format!(
                r#"{{{at},"event_type":"simulation_end","platform":"twitter","total_rounds":2,"total_actions":3}}"#
            ),
        ];
        assert_eq!(lines(false), expected);
    }

    #[test]
    fn all_actions_adds_what_failed_and_what_was_looked_at() {
        let lines = lines(true);
        assert!(lines[5].contains(r#""action_type":"REFRESH","action_args":{"post_ids":[1]},"result":null,"success":true"#), "{}", lines[5]);
        assert!(
            lines[7].ends_with(r#""result":"like record already exists","success":false}"#),
            "{}",
            lines[7]
        );
        assert!(lines[9].contains(r#""actions_count":4"#), "{}", lines[9]);
        assert!(lines[12].contains(r#""total_actions":5"#), "{}", lines[12]);
    }
}
