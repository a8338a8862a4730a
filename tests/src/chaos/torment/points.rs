//! Named places at which processes die or freeze by themselves. They are armed when a process is
//! started again, so each process that comes back has some of them before it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::services::await_memory;
use super::worker::stand_still;
use super::{Before, Evidence, Field, PATIENCE, connections};
use crate::chaos::dice::{Deck, Dice};
use crate::chaos::fleet::{Frozen, Member};
use crate::chaos::log::{Deed, Fault, Kind};
use crate::chaos::settle::episodes;
use crate::chaos::until;
use crate::process::is_frozen;

/// Those that are passed before the first tick of a worker. One of them at a time: a run whose
/// workers die three times in a row without a tick has failed, and rightly so.
const EARLY: [&str; 4] = ["run.leased", "run.claimed", "command.fetched", "snapshot.loaded"];

/// Those that a worker or its node passes again and again.
const OFTEN: [&str; 15] = [
    "tick.stepped",
    "tick.journalled",
    "append.sent",
    "lease.sent",
    "batch.first",
    "batch.half",
    "batch.sent",
    "frame.stored",
    "snapshot.half",
    "snapshot.stored",
    "status.storing",
    "status.stored",
    "command.answered",
    "question.answered",
    "reply.stored",
];

/// Those that are passed when a run is let go.
const LATE: [&str; 2] = ["leaving", "run.ended"];

const LAUNCHER: [&str; 5] =
    ["launch.parsed", "launch.valid", "launch.created", "launch.published", "launch.seen"];

const SINK: [&str; 10] = [
    "sink.fetched",
    "sink.intent",
    "sink.sending",
    "sink.sent",
    "sink.committed",
    "sink.accepted",
    "sink.noted",
    "sink.saved",
    "sink.dead-letter",
    "sink.dead-lettered",
];

/// How long one that has frozen by itself stays so: less than a lease.
const FROZEN: Duration = Duration::from_millis(800);
/// How often we look whether something has happened.
const BETWEEN: Duration = Duration::from_millis(20);

/// What a process will do at a place.
type Card = (String, Deed);

/// All of them.
#[derive(Debug)]
pub(super) struct Points {
    decks: Mutex<Decks>,
    armed: Mutex<Vec<Armed>>,
}

#[derive(Debug)]
struct Decks {
    early: Deck<Card>,
    often: Deck<Card>,
    late: Deck<Card>,
    launcher: Deck<Card>,
    sink: Deck<Card>,
}

/// What was armed at one start of a process, and has not happened.
#[derive(Debug)]
struct Armed {
    folder: PathBuf,
    cards: Vec<Card>,
}

/// Which process it was.
#[derive(Clone, Copy, Debug)]
enum Whose<'a> {
    Worker(usize),
    Member(Kind, &'a Member),
}

impl Points {
    /// None armed.
    pub(super) fn new(field: &Field<'_>) -> Points {
        let wanted = |name: &&str| {
            field.plan.points.as_ref().is_none_or(|wanted| wanted.iter().any(|one| one == name))
        };
        let deck = |names: &[&str], deeds: &[Deed]| {
            let names = names.iter().filter(|name| wanted(name));
            let cards = names.flat_map(|name| {
                deeds.iter().map(|deed| ((*name).to_owned(), deed.clone())).collect::<Vec<_>>()
            });
            Deck::of(cards.collect())
        };
        let decks = Decks {
            early: deck(&EARLY, &[Deed::Kill]),
            often: deck(&OFTEN, &[Deed::Kill, Deed::Kill, Deed::Freeze]),
            late: deck(&LATE, &[Deed::Kill]),
            launcher: deck(&LAUNCHER, &[Deed::Kill]),
            sink: deck(&SINK, &[Deed::Kill]),
        };
        Points { decks: Mutex::new(decks), armed: Mutex::default() }
    }

    /// What a process of this kind gets into its environment when it is started.
    pub(super) fn arm(
        &self,
        field: &Field<'_>,
        kind: Kind,
        dice: &mut Dice,
    ) -> Vec<(String, String)> {
        let mut dealt = Vec::new();
        {
            let mut decks = lock(&self.decks);
            match kind {
                Kind::Launcher => dealt.push((decks.launcher.deal(dice), 1)),
                Kind::Sink => dealt.push((decks.sink.deal(dice), 1 + dice.below(5))),
                _ => {
                    dealt.push((decks.early.deal(dice), 1));
                    dealt.push((decks.late.deal(dice), 1));
                    for _ in 0..2 {
                        dealt.push((decks.often.deal(dice), 3 + dice.below(8)));
                    }
                }
            }
        }
        let mut words = Vec::new();
        let mut cards: Vec<Card> = Vec::new();
        for ((name, deed), nth) in dealt.into_iter().filter_map(|(card, nth)| Some((card?, nth))) {
            // A place is named once; the first of two would be taken for both.
            if cards.iter().all(|(other, _)| *other != name) {
                let action = if deed == Deed::Kill { "kill" } else { "stop" };
                words.push(format!("{name}:{action}:{nth}"));
                cards.push((name, deed));
            }
        }
        let folder = field.fleet.new_folder();
        lock(&self.armed).push(Armed { folder: folder.clone(), cards });
        vec![
            ("SHOAL_FAULTS".to_owned(), words.join(",")),
            ("SHOAL_FAULTS_DIR".to_owned(), folder.to_string_lossy().into_owned()),
        ]
    }

    /// Sees to what has died or frozen, until `over`.
    pub(super) fn watch(&self, field: &Field<'_>, over: &AtomicBool) {
        // Whose process a number was is no longer to be found out once it has died.
        let mut workers = BTreeMap::new();
        std::thread::scope(|scope| {
            while !over.load(Ordering::Relaxed) {
                for (node, id, run) in field.fleet.workers() {
                    workers.insert(id, (node, run));
                }
                for (name, deed, id) in self.take_fired() {
                    let of = workers.get(&id).cloned();
                    scope.spawn(move || happened(field, name, deed, id, of));
                }
                std::thread::sleep(BETWEEN);
            }
            // What is armed for a process that never came that far happens to nobody's harm.
            self.disarm();
        });
    }

    /// What has happened since the last look: the point, what was done, to which process.
    fn take_fired(&self) -> Vec<(String, Deed, u32)> {
        let mut fired = Vec::new();
        for armed in lock(&self.armed).iter_mut() {
            let folder = armed.folder.clone();
            armed.cards.retain(|(name, deed)| {
                let said = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
                // The file may be there before its content is.
                let Ok(id) = said.trim().parse() else { return true };
                fired.push((name.clone(), deed.clone(), id));
                false
            });
        }
        fired
    }

    /// Whoever passes one of them from now on finds that it has happened.
    fn disarm(&self) {
        for armed in lock(&self.armed).drain(..) {
            for (name, _) in &armed.cards {
                let path = armed.folder.join(name);
                match std::fs::File::options().write(true).create_new(true).open(&path) {
                    Ok(_) => {}
                    // It happened just now.
                    Err(_) => thaw(&path),
                }
            }
        }
    }
}

/// Lets a process go on that has frozen by itself.
fn thaw(file: &std::path::Path) {
    let said = std::fs::read_to_string(file).unwrap_or_default();
    if let Ok(id) = said.trim().parse() {
        until(Duration::from_secs(1), || is_frozen(id));
        drop(Frozen::found(id));
    }
}

/// One of them has happened: notes what comes of it, and starts again what does not by itself.
fn happened(field: &Field<'_>, name: String, deed: Deed, id: u32, worker: Option<(usize, String)>) {
    let at = Instant::now();
    let fleet = field.fleet;
    let services = [(Kind::Launcher, &fleet.launcher), (Kind::Sink, &fleet.sink)];
    let nodes = fleet.nodes.iter().map(|node| (Kind::Node, node));
    let whose = match worker {
        Some((node, _)) => Some(Whose::Worker(node)),
        None => nodes
            .chain(services)
            .find(|(_, member)| member.id() == id)
            .map(|(kind, member)| Whose::Member(kind, member)),
    };
    let run = worker.map(|(_, run)| run).or_else(|| any_lively(field));
    let view = run.as_ref().and_then(|run| field.watcher.run(run));
    let (tick, mut evidence) = (view.as_ref().map_or(0, |view| view.tick()), None);
    if let (Some(run), Some(view)) = (run.clone(), view) {
        let before = Before { run, view, at };
        evidence = Some(match whose {
            Some(Whose::Worker(_)) => of_worker(field, &before, &deed, id),
            Some(Whose::Member(kind, member)) => of_member(field, kind, member, &deed, id),
            None => Err("nobody knows whose process it was".to_owned()),
        });
    } else if let Some(Whose::Member(kind, member)) = whose {
        evidence = Some(
            of_member(field, kind, member, &deed, id).and(Err("no run was in the middle".into())),
        );
    }
    let (kind, target) = match whose {
        Some(Whose::Worker(node)) => {
            (Kind::Worker, format!("{} of node-{}", run.unwrap_or_default(), node + 1))
        }
        Some(Whose::Member(kind, member)) => (kind, member.name.clone()),
        None => (Kind::Worker, "a worker".to_owned()),
    };
    let evidence = evidence.unwrap_or_else(|| Err("no run was in the middle".to_owned()));
    let recovery = at.elapsed();
    field.log.fault(Fault { kind, deed, point: Some(name), target, tick, recovery, evidence });
}

fn any_lively(field: &Field<'_>) -> Option<String> {
    let runs = field.watcher.runs();
    runs.into_iter().find(|(_, view)| view.is_lively()).map(|(run, _)| run)
}

fn of_worker(field: &Field<'_>, before: &Before, deed: &Deed, id: u32) -> Evidence {
    if *deed == Deed::Freeze {
        return stand_still(field, before, Frozen::found(id), FROZEN);
    }
    // Its own claim may be so new that it was not seen when it died.
    std::thread::sleep(Duration::from_millis(150));
    let Some(view) = field.watcher.run(&before.run) else { return Err("no such run".to_owned()) };
    let epoch = view.epoch;
    let own = view.status["worker"].clone();
    let is_other = || {
        let now = field.watcher.run(&before.run);
        now.is_some_and(|now| now.epoch > epoch || now.status["worker"] != own || now.is_over())
    };
    if !until(PATIENCE, is_other) {
        return Err(field.stuck(&before.run, &view, "no new worker"));
    }
    let claimed = field.watcher.run(&before.run).unwrap_or(view);
    if claimed.is_over() {
        return Err("the run was over".to_owned());
    }
    field.await_growth(&before.run, claimed.frames)?;
    Ok(format!("epoch {} went on, frames {} and more", claimed.epoch, claimed.frames))
}

/// A service has died or frozen: it is started again or goes on, and has to take its work up.
fn of_member(field: &Field<'_>, kind: Kind, member: &Member, deed: &Deed, id: u32) -> Evidence {
    let known = connections(&member.log());
    if *deed == Deed::Freeze {
        until(PATIENCE, || is_frozen(id) || member.id() != id);
        std::thread::sleep(FROZEN);
        drop(Frozen::found(id));
    } else {
        // The file that says so is there before it has died.
        until(PATIENCE, || member.id() != id || !member.is_alive());
    }
    let mut turn = None;
    until(PATIENCE, || {
        turn = member.try_turn();
        turn.is_some()
    });
    // Whoever disturbs it may have started it again already, and waits for it.
    let is_dead = !member.is_alive();
    if is_dead {
        member.restart(field.fleet.dir(), &[]);
    }
    drop(turn);
    if is_dead && !until(PATIENCE, || connections(&member.log()) > known) {
        return Err(field.never(&format!("{} does not connect", member.name)));
    }
    match kind {
        Kind::Sink => {
            let known = episodes(field.fleet).unwrap_or(0);
            Ok(format!("connected again, episodes {known} to {}", await_memory(field, known)?))
        }
        _ => Ok(format!("connected again, {}", field.await_any_growth(field.watcher.frames())?)),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_point_is_dealt() {
        let dealt = [&EARLY[..], &OFTEN, &LATE, &LAUNCHER, &SINK].concat();
        // Nobody asks for the past here; the system tests do.
        let past = ["fork.", "repair.", "job."];
        let is_dealt = |name: &&str| !past.iter().any(|past| name.starts_with(past));
        let known = faults::POINTS.iter().map(|(name, _)| *name).filter(is_dealt);
        let known: BTreeSet<&str> = known.collect();
        assert_eq!(dealt.len(), known.len());
        assert_eq!(dealt.into_iter().collect::<BTreeSet<_>>(), known);
    }
}
