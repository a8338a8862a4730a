//! The events of a run behind a place, as they are sent: from the read model, whoever asks.

use std::fmt::Write as _;

use axum::body::Bytes;
use contract::id::RunId;
use contract::place::Place;
use contract::status::RunStatus;
use contract::subject::Platform;

use crate::model::Model;
use crate::read_model::pages::View;
use crate::read_model::{Include, ReadModel};
use crate::refusal::Refusal;

/// Actions of a world that are sent in one piece at most.
const PIECE: usize = 500;

/// Where the events of a run come from.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub(super) read_model: ReadModel,
    pub(super) model: Model,
    pub(super) run: RunId,
    pub(super) include: Include,
}

/// Events in a row, as they are sent.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    /// Where whoever is sent it must be.
    pub(super) after: Place,
    /// Where it is then.
    pub(super) until: Place,
    pub(super) bytes: Bytes,
    /// The run is deleted: nothing comes behind it.
    pub(super) is_last: bool,
}

impl Source {
    /// Where the run is now, as far as it is here.
    ///
    /// # Errors
    /// If the read model cannot be asked.
    pub(super) async fn latest(&self) -> Result<Place, Refusal> {
        let run = self.run.clone();
        let seqs = self.read_model.ask(move |rows| {
            let view = View::load(rows, &run, None)?;
            Ok(Platform::ALL.map(|platform| view.last_seq(platform)))
        });
        let [twitter, reddit] = seqs.await?;
        let status = self.model.ask(|runs| runs.latest(&self.run)).map_or(0, |(at, _)| at);
        Ok(Place { twitter, reddit, status })
    }

    /// What comes next behind `after`: Twitter's actions, Reddit's, and the run's latest state; no
    /// further than `through`, if that is given. Nothing, if there is nothing.
    ///
    /// # Errors
    /// If the read model cannot be asked.
    pub(super) async fn read(
        &self,
        after: Place,
        through: Option<Place>,
    ) -> Result<Piece, Refusal> {
        let (run, include) = (self.run.clone(), self.include);
        let found = self.read_model.ask(move |rows| {
            let view = View::load(rows, &run, None)?;
            let of = |platform: Platform| {
                let last = through.map_or(u64::MAX, |through| through.seq(platform));
                view.behind(rows, platform, after.seq(platform)..last, include, PIECE)
            };
            Ok([of(Platform::Twitter)?, of(Platform::Reddit)?])
        });
        let (mut until, mut text) = (after, String::new());
        for (platform, (listed, last)) in Platform::ALL.into_iter().zip(found.await?) {
            for action in listed {
                until.set_seq(platform, action.seq);
                write_event(&mut text, until, "action", action.json());
            }
            until.set_seq(platform, until.seq(platform).max(last));
        }
        let mut is_last = false;
        // Of the states before the latest none is kept.
        let all = through.map_or(u64::MAX, |through| through.status);
        match self.model.ask(|runs| runs.latest(&self.run)) {
            Some((sequence, status)) if sequence > after.status && sequence <= all => {
                until.status = sequence;
                is_last = status.status == RunStatus::Deleted;
                let json = String::from_utf8_lossy(&status.to_bytes()).into_owned();
                write_event(&mut text, until, "status", &json);
            }
            _ => until.status = until.status.max(through.map_or(0, |through| through.status)),
        }
        Ok(Piece { after, until, bytes: text.into(), is_last })
    }
}

/// Adds an event; `json` is one line.
fn write_event(text: &mut String, id: Place, kind: &str, json: &str) {
    let _ = write!(text, "id: {id}\nevent: {kind}\ndata: {json}\n\n");
}
