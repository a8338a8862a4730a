//! Dead letters, handed to their memories once more.

use std::collections::BTreeMap;
use std::time::Duration;

use bus::Stored;
use contract::chain::World;
use contract::command::MemoryRedrive;
use contract::id::Digest;
use contract::letters::{LetterOutcome, MAX_LETTERS, Redriven, RedrivenLetter};
use contract::memory::Episode;
use contract::notice::DeadLetter;
use contract::reply::ReplyResult;
use contract::status::EnvStatus;
use contract::subject::StreamName;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{Broken, Order, Orders, Refusal};
use crate::batch::{Cursor, EpisodeBatch, bounds};
use crate::dead_letter::SERVICE;
use crate::delivery::{Fate, Redrive};

/// How long a command waits for what becomes of its letters. Those that take longer are tried on.
const PATIENCE: Duration = Duration::from_secs(20);
/// Letters that one command handles.
const MOST: usize = 1000;
/// Letters that are read at once.
const WINDOW: usize = 64;

/// A letter that is to be handed over.
struct Letter {
    sequence: u64,
    target: String,
    batch: EpisodeBatch,
}

/// What came of the letters so far, by sequence.
type Outcomes = BTreeMap<u64, RedrivenLetter>;

impl Orders {
    /// Hands dead letters of a run to their memories once more.
    pub(super) async fn redrive(
        &self,
        status: &EnvStatus,
        redrive: &MemoryRedrive,
    ) -> Result<Result<ReplyResult, Refusal>, Broken> {
        let stored = match &redrive.sequences {
            Some(sequences) => self.named(status, sequences).await?,
            None => self.all(status).await?,
        };
        if let Some(target) = &redrive.target {
            self.counter(target)?;
        }
        let (mut outcomes, mut letters) = (Outcomes::new(), Vec::new());
        for sequence in redrive.sequences.iter().flatten() {
            outcomes.insert(*sequence, no_letter(*sequence));
        }
        for stored in &stored {
            let wanted =
                |letter: &Letter| redrive.target.as_ref().is_none_or(|t| *t == letter.target);
            if let Some(letter) = read(stored).filter(wanted) {
                self.sort(letter, redrive.sequences.is_some(), &mut letters, &mut outcomes).await?;
            }
        }
        self.hand_over(letters, &mut outcomes).await;
        Ok(Ok(ReplyResult::MemoryRedriven(summary(outcomes, redrive.sequences.as_deref()))))
    }

    /// The letters of these sequences, as far as they are of the run.
    async fn named(&self, status: &EnvStatus, sequences: &[u64]) -> Result<Vec<Stored>, Broken> {
        let subject = self.bus.prefix().dead_letters(SERVICE, Some(&status.run_id));
        let mut found = Vec::new();
        for sequence in sequences {
            let stored = self.bus.message(StreamName::DeadLetters, *sequence).await?;
            found.extend(stored.filter(|stored| stored.subject == subject));
        }
        Ok(found)
    }

    /// All letters of the run, oldest first, as many as one command handles.
    async fn all(&self, status: &EnvStatus) -> Result<Vec<Stored>, Broken> {
        let subject = self.bus.prefix().dead_letters(SERVICE, Some(&status.run_id));
        let mut found: Vec<Stored> = Vec::new();
        loop {
            let after = found.last().map_or(0, |stored| stored.sequence);
            let window = self.bus.window(StreamName::DeadLetters, &subject, after, WINDOW).await?;
            found.extend(window.messages);
            if window.behind == 0 || found.len() >= MOST {
                return Ok(found);
            }
        }
    }

    /// Says of a letter what is known of it at once, or puts it with those to be handed over.
    async fn sort(
        &self,
        letter: Letter,
        is_named: bool,
        letters: &mut Vec<Letter>,
        outcomes: &mut Outcomes,
    ) -> Result<(), Broken> {
        let means = match self.counter(&letter.target) {
            Ok(counter) => &counter.means,
            // Another sink's: it is there still.
            Err(_) => return Ok(()),
        };
        let seen = means.target.world(&letter.batch.world);
        let is_dead = seen.is_some_and(|seen| {
            letter.batch.episodes.iter().any(|e| seen.progress.dead.contains(e.body.seq))
        });
        if !is_dead {
            // A repeat, or one that was handed over before.
            if is_named {
                let there = outcome(&letter, LetterOutcome::AlreadyThere, None);
                outcomes.insert(letter.sequence, there);
            }
            return Ok(());
        }
        if let Some(holder) = means.lease_holder(&letter.batch.graph_id).await?
            && holder != means.holder
        {
            let why = "another memory-sink works on its graph".to_owned();
            return Err(Broken::Elsewhere(contract::reply::ErrorCode::NoCapacity, why));
        }
        letters.push(letter);
        Ok(())
    }

    /// Hands letters over, and waits for what becomes of them.
    async fn hand_over(&self, letters: Vec<Letter>, outcomes: &mut Outcomes) {
        let (asker, mut told) = mpsc::unbounded_channel();
        let mut waiting: BTreeMap<u64, String> = BTreeMap::new();
        for letter in letters {
            let later =
                outcome(&letter, LetterOutcome::NotNow, Some("it is tried further".to_owned()));
            outcomes.insert(letter.sequence, later);
            let Ok(counter) = self.counter(&letter.target) else { continue };
            waiting.insert(letter.sequence, letter.target);
            let redrive = Redrive { letter: letter.sequence, batch: letter.batch };
            // A driver that is gone has ended with the service: the command comes again.
            let _gone = counter.driver.send(Order::Again(redrive, asker.clone()));
        }
        drop(asker);
        let deadline = Instant::now() + PATIENCE;
        while !waiting.is_empty() {
            let told = tokio::time::timeout_at(deadline, told.recv()).await;
            let Ok(Some((redrive, fate))) = told else { return };
            let target = waiting.remove(&redrive.letter);
            let (outcome, reason) = match fate {
                Fate::Delivered => (LetterOutcome::Taken, None),
                Fate::Found => (LetterOutcome::AlreadyThere, None),
                Fate::Refused(reason) => (LetterOutcome::Refused, Some(reason)),
                Fate::Buried => (LetterOutcome::Refused, None),
            };
            let sequence = redrive.letter;
            outcomes.insert(sequence, RedrivenLetter { sequence, target, outcome, reason });
        }
    }
}

/// What a stored letter says was refused: `None` if nothing can be made of it.
fn read(stored: &Stored) -> Option<Letter> {
    let letter: DeadLetter = serde_json::from_slice(&stored.body).ok()?;
    let (target, id) = letter.problems.first()?.place.split_once(' ')?;
    let episodes: Vec<Episode> = serde_json::from_str(&letter.body).ok()?;
    let last = episodes.last()?;
    let (first_seq, last_seq) = bounds(id)?;
    let world = World { run_id: last.run_id.clone(), platform: last.platform };
    let reached = Cursor {
        seq: last_seq,
        tick: last.round,
        round: last.round,
        simulated_time: last.simulated_time,
        digest: Digest::ZERO,
    };
    let batch = EpisodeBatch {
        world,
        graph_id: last.graph_id.clone(),
        round: last.round,
        simulated_time: last.simulated_time,
        first_seq,
        last_seq,
        stream_sequence: letter.sequence,
        at: None,
        episodes,
        reached,
    };
    let named = batch.id() == id;
    named.then(|| Letter { sequence: stored.sequence, target: target.to_owned(), batch })
}

fn no_letter(sequence: u64) -> RedrivenLetter {
    RedrivenLetter { sequence, target: None, outcome: LetterOutcome::NoLetter, reason: None }
}

fn outcome(letter: &Letter, outcome: LetterOutcome, reason: Option<String>) -> RedrivenLetter {
    let target = Some(letter.target.clone());
    RedrivenLetter { sequence: letter.sequence, target, outcome, reason }
}

/// In the order of the command, or else oldest first.
fn summary(mut outcomes: Outcomes, order: Option<&[u64]>) -> Redriven {
    let letters: Vec<RedrivenLetter> = match order {
        Some(order) => order.iter().filter_map(|sequence| outcomes.remove(sequence)).collect(),
        None => outcomes.into_values().collect(),
    };
    let count = |wanted: fn(LetterOutcome) -> bool| {
        letters.iter().filter(|letter| wanted(letter.outcome)).count() as u64
    };
    let redriven = count(|o| matches!(o, LetterOutcome::Taken | LetterOutcome::AlreadyThere));
    let dead = count(|o| matches!(o, LetterOutcome::Refused | LetterOutcome::NotNow));
    let more_letters = letters.len().saturating_sub(MAX_LETTERS) as u64;
    let letters = letters.into_iter().take(MAX_LETTERS).collect();
    Redriven { redriven, dead, letters, more_letters }
}
