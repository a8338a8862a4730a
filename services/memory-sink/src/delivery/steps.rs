//! What the step under way becomes by what came of it.

use std::time::Duration;

use contract::chain::World;

use super::{Cargo, Delivery, Event, Fate, Shelf, Step, Trouble};
use crate::adapters::{DeliveryError, Receipt, Sighting};
use crate::queue::Time;

impl Delivery {
    /// Takes what came of the last wish, or what happened by itself. `dice`: any number, from
    /// which pauses get their jitter.
    pub fn on(&mut self, event: Event, now: Time, dice: u32) {
        match event {
            Event::More(world, sequence) => self.with(&world, |shelf| shelf.more(sequence)),
            event => self.step_on(event, now, dice),
        }
    }

    fn with(&mut self, world: &World, work: impl FnOnce(&mut Shelf)) {
        if let Some(shelf) = self.shelves.get_mut(world) {
            work(shelf);
            self.touched.insert(world.clone());
        }
    }

    /// What the step under way becomes. An event that belongs to no such step changes nothing.
    fn step_on(&mut self, event: Event, now: Time, dice: u32) {
        self.step = match (std::mem::replace(&mut self.step, Step::Free), event) {
            (Step::Reading(world), Event::Read(messages, behind)) => {
                self.with(&world, |shelf| shelf.read(messages, behind, now));
                Step::Free
            }
            (Step::Opening, Event::Opened(Ok(()))) => {
                self.is_open = true;
                self.well();
                Step::Free
            }
            (Step::Opening, Event::Opened(Err(error))) => {
                self.fail(&error, now, dice);
                Step::Opening
            }
            (Step::Recalling(world), Event::Recalled(Ok(seq))) => {
                self.well();
                self.with(&world, |shelf| shelf.recalled(seq));
                Step::Free
            }
            (Step::Recalling(world), Event::Recalled(Err(error))) => {
                self.fail(&error, now, dice);
                Step::Recalling(world)
            }
            (Step::Intending(cargo), Event::Noted) => Step::Sending(cargo),
            (Step::Sending(cargo), Event::Answered(answer)) => {
                self.answered(cargo, answer, now, dice)
            }
            (Step::Looking(cargo, looks), Event::Looked(look)) => {
                self.looked(cargo, looks, look, now, dice)
            }
            (Step::Burying(cargo, _), Event::Buried) => Step::Settling(cargo, Fate::Buried),
            (Step::Settling(cargo, fate), Event::Noted) => {
                self.settle(cargo, fate);
                Step::Free
            }
            (Step::Reporting(world), Event::Buried) => {
                self.with(&world, Shelf::reported);
                Step::Free
            }
            (Step::Saving(worlds), Event::Noted) => {
                for world in worlds {
                    self.with(&world, Shelf::saved);
                }
                Step::Free
            }
            (step, _) => step,
        };
    }

    fn answered(
        &mut self,
        cargo: Cargo,
        answer: Result<Receipt, DeliveryError>,
        now: Time,
        dice: u32,
    ) -> Step {
        match answer {
            Ok(Receipt::Taken) => {
                self.well();
                Step::Settling(cargo, Fate::Delivered)
            }
            Ok(Receipt::AlreadyThere) => {
                self.well();
                Step::Settling(cargo, Fate::Found)
            }
            Err(DeliveryError::Reject { reason }) => {
                self.well();
                self.refused(cargo, reason)
            }
            Err(error @ DeliveryError::Unknown { .. }) => {
                self.fail(&error, now, dice);
                self.not_before = self.not_before.max(now + self.manners.looks[0]);
                Step::Looking(cargo, 0)
            }
            Err(error) => {
                self.fail(&error, now, dice);
                Step::Sending(cargo)
            }
        }
    }

    /// What is in a batch that was refused goes in smaller ones, and at last alone.
    fn refused(&mut self, cargo: Cargo, reason: String) -> Step {
        match cargo {
            Cargo::Flight(flight) if flight.batch.episodes.len() > 1 => {
                let world = flight.batch.world.clone();
                self.with(&world, |shelf| shelf.split(flight));
                Step::Free
            }
            Cargo::Again(redrive) => {
                self.told.push_back((redrive, Fate::Refused(reason)));
                Step::Free
            }
            cargo @ Cargo::Flight(_) => Step::Burying(cargo, reason),
        }
    }

    fn looked(
        &mut self,
        cargo: Cargo,
        looks: usize,
        look: Result<Sighting, DeliveryError>,
        now: Time,
        dice: u32,
    ) -> Step {
        match look {
            Ok(Sighting::There) => {
                self.well();
                Step::Settling(cargo, Fate::Found)
            }
            Ok(Sighting::CannotTell) => {
                self.well();
                Step::Sending(cargo)
            }
            Ok(Sighting::Absent) => {
                self.well();
                match self.manners.looks.get(looks + 1) {
                    Some(pause) => {
                        self.not_before = now + *pause;
                        Step::Looking(cargo, looks + 1)
                    }
                    None => Step::Sending(cargo),
                }
            }
            Err(error) => {
                self.fail(&error, now, dice);
                Step::Looking(cargo, looks)
            }
        }
    }

    fn settle(&mut self, cargo: Cargo, fate: Fate) {
        match cargo {
            Cargo::Flight(flight) => {
                let world = flight.batch.world.clone();
                self.with(&world, |shelf| shelf.settle(flight, fate.is_taken()));
            }
            Cargo::Again(redrive) => {
                self.with(&redrive.batch.world, |shelf| shelf.revive(&redrive.batch));
                self.told.push_back((redrive, fate));
            }
        }
    }

    /// Notes that something was not done, and waits.
    fn fail(&mut self, error: &DeliveryError, now: Time, dice: u32) {
        self.failures = self.failures.saturating_add(1);
        self.retried += 1;
        let pause = match error {
            DeliveryError::Retry { after: Some(after), .. }
            | DeliveryError::Unknown { after: Some(after), .. } => *after,
            DeliveryError::Unauthorized { .. } | DeliveryError::Misdirected { .. } => {
                self.manners.operator
            }
            DeliveryError::Retry { after: None, .. }
            | DeliveryError::Unknown { after: None, .. }
            | DeliveryError::Reject { .. } => self.backoff(dice),
        };
        self.not_before = now.saturating_add(pause);
        self.trouble = match error {
            DeliveryError::Unauthorized { reason } => Trouble::Unauthorized(reason.clone()),
            other => Trouble::Retrying(other.to_string()),
        };
    }

    /// Twice as long after each failure, up to the longest; somewhere in the second half of that.
    fn backoff(&self, dice: u32) -> Duration {
        let doublings = self.failures.saturating_sub(1).min(20);
        let pause = self.manners.first.saturating_mul(1 << doublings).min(self.manners.longest);
        pause / 2 + pause / 2 * (dice % 1000) / 1000
    }

    /// Notes that the memory speaks with us as it should.
    fn well(&mut self) {
        self.failures = 0;
        self.trouble = Trouble::None;
    }
}
