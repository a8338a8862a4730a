//! Holding one run: its lease, and a worker process that is started again when it dies. What is
//! to be done, [`Keeper`] says; here it is done.

use std::collections::VecDeque;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bus::{Bus, Lease};
use contract::id::RunId;
use contract::subject::StreamName;
use kit::EXIT_USAGE;
use kit::metrics::add;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::keeper::{Cause, Event, Exit, Keeper, Parting, Renewal, Terms, Wish};
use super::process::{Output, Process};
use super::{GRACE, Node, lock, records};
use crate::measures::EXITS;
use crate::protocol::{DEADLY, deaths};
use crate::worker::lease::milliseconds;
use crate::worker::{EXIT_FENCED, EXIT_OTHER_RULES};

/// Log lines kept for the reason of a failure.
const LAST_LINES: usize = 20;
/// How long the last log lines may hold up that the run is let go.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// Log lines that wait to be published; what exceeds them is left out.
const LOG_QUEUE: usize = 1000;
/// What others ask of a hold and it has not read yet. A stop that finds no place comes again.
const ASKED: usize = 64;

/// What others may know of a hold, and may ask of it; cheap to clone.
#[derive(Clone, Debug)]
pub struct Handle {
    ended: Arc<AtomicBool>,
    asks: mpsc::Sender<Event>,
}

/// The other end of a [`Handle`].
#[derive(Debug)]
pub struct Asked {
    ended: Arc<AtomicBool>,
    asks: mpsc::Receiver<Event>,
}

impl Handle {
    /// Of a hold that begins.
    pub fn open() -> (Handle, Asked) {
        let ended = Arc::new(AtomicBool::new(false));
        let (sender, receiver) = mpsc::channel(ASKED);
        (Handle { ended: Arc::clone(&ended), asks: sender }, Asked { ended, asks: receiver })
    }

    /// True while the run has no more ticks to play: it is kept open for questions alone.
    pub fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// Asks for the slot: the run is let go.
    pub fn let_go(&self) {
        // Without a place others ask for the same; whoever wants the slot asks again.
        let _ = self.asks.try_send(Event::Leave);
    }

    /// Says that somebody wants the run stopped, and where the reply will be.
    pub fn stop(&self, reply: String) {
        // The guardian brings it again.
        let _ = self.asks.try_send(Event::StopAsked(reply));
    }
}

/// Holds `run` until its worker lets it go, or it is lost.
pub async fn hold(node: Node, run: RunId, lease: Lease, why: String, asked: Asked) {
    let (log, lines) = mpsc::channel(LOG_QUEUE);
    let publishing = tokio::spawn(records::publish_lines(node.clone(), run.clone(), lines));
    let mut holding = Holding {
        keeper: Keeper::new(terms(&node), why, Instant::now()),
        lease,
        process: None,
        worker: String::new(),
        started: 0,
        leased_until: until(&node),
        tasks: JoinSet::new(),
        last_lines: VecDeque::new(),
        log,
        node: node.clone(),
        run: run.clone(),
    };
    let parting = holding.drive(asked).await;
    let Holding { lease, worker, tasks, log, process, .. } = holding;
    // A renewal that is under way must not come after the release, nor log lines after them: who
    // deletes the run once it is let go must not find any.
    drop((tasks, process, log));
    let _ = tokio::time::timeout(LAST_WORDS, publishing).await;
    faults::point("run.ended");
    if node.bus.connected_since().is_none() {
        // Nobody would take it before this node is gone; its lease expires by itself.
        return;
    }
    match parting {
        Parting::Free => {
            lock(&node.in_vain).forget(&run);
            records::let_go(&node, &run, &worker).await;
        }
        Parting::GivenUp => {
            lock(&node.in_vain).add(&run);
            records::let_go(&node, &run, &worker).await;
        }
        Parting::Unfit => {
            node.refuse_run(&run);
            records::let_go(&node, &run, &worker).await;
        }
        Parting::Lost => {}
    }
    // Only a lease that is still ours is given back.
    if let Err(error) = node.bus.release_lease(lease).await {
        tracing::warn!(%run, "failed to release the lease, it expires by itself: {error}");
    }
}

/// Until when a lease lasts that is asked for now.
fn until(node: &Node) -> u64 {
    milliseconds() + node.args.lease_seconds * 1000
}

fn terms(node: &Node) -> Terms {
    Terms {
        lease: node.args.lease(),
        hung_after: Duration::from_secs(node.args.hung_seconds),
        stop_grace: node.args.stop_grace(),
        end_grace: GRACE,
    }
}

/// A hold that goes on.
struct Holding {
    node: Node,
    run: RunId,
    keeper: Keeper,
    lease: Lease,
    process: Option<Process>,
    /// The name of the last worker.
    worker: String,
    started: u32,
    /// Until when the lease lasts, as workers count.
    leased_until: u64,
    tasks: JoinSet<Finished>,
    last_lines: VecDeque<String>,
    log: mpsc::Sender<(String, String)>,
}

/// What a task came to.
enum Finished {
    /// What came of it, and until when the lease lasts if it was renewed.
    Renewal(Renewal, Lease, u64),
    Look(String, Option<bool>),
    Written,
}

impl Holding {
    /// Carries out the keeper's wishes until there are no more.
    async fn drive(&mut self, mut asked: Asked) -> Parting {
        let mut events = VecDeque::from([Event::Passed]);
        let (shutdown, mut told) = (self.node.shutdown.clone(), false);
        loop {
            while let Some(event) = events.pop_front() {
                for wish in self.keeper.take(event, Instant::now()) {
                    match wish {
                        Wish::Done(parting) => return parting,
                        wish => events.extend(self.act(wish)),
                    }
                }
            }
            asked.ended.store(self.keeper.has_ended(), Ordering::Relaxed);
            let deadline = self.keeper.deadline();
            events.extend(tokio::select! {
                output = next_output(&mut self.process) => self.heard(output),
                Some(event) = asked.asks.recv() => Some(event),
                Some(finished) = self.tasks.join_next() => self.finished(finished),
                () = shutdown.wished(), if !told => {
                    told = true;
                    Some(Event::Leave)
                }
                () = sleep_until(deadline) => Some(Event::Passed),
            });
        }
    }

    /// Carries out one wish; what comes of it at once.
    fn act(&mut self, wish: Wish) -> Option<Event> {
        match wish {
            Wish::Start(why) => return self.start(&why),
            Wish::End => self.each_process(Process::end),
            Wish::Terminate => {
                self.say("it does not answer a stop: sent SIGTERM");
                self.each_process(|process| process.terminate());
            }
            Wish::Kill(cause) => {
                self.say(&format!("{}, killed", words(cause, self.node.args.hung_seconds)));
                self.each_process(|process| process.kill());
            }
            Wish::Renew => {
                let (bus, lease) = (self.node.bus.clone(), self.lease.clone());
                self.tasks.spawn(renew(bus, lease, until(&self.node)));
            }
            Wish::Look(reply) => {
                self.tasks.spawn(look(self.node.bus.clone(), reply));
            }
            Wish::Fail(how) => self.fail(&how),
            // The caller's.
            Wish::Done(_) => {}
        }
        None
    }

    fn each_process(&mut self, act: impl FnOnce(&mut Process)) {
        if let Some(process) = &mut self.process {
            act(process);
        }
    }

    fn start(&mut self, why: &str) -> Option<Event> {
        self.started += 1;
        self.worker = format!("{}-w{}", self.node.name, self.started);
        let (run, worker) = (self.run.as_str(), self.worker.as_str());
        let role = ["worker", "--run", run, "--worker", worker, "--why", why];
        match Process::start(&self.node, &role) {
            Ok(process) => {
                process.leased(self.leased_until);
                self.process = Some(process);
                None
            }
            Err(error) => {
                let how = format!("failed to start: {error}");
                // The machine's fault, not the run's.
                Some(Event::Exited(Exit::Blameless(how)))
            }
        }
    }

    fn heard(&mut self, output: Output) -> Option<Event> {
        match output {
            Output::Beat(beat) => Some(Event::Beat(beat)),
            Output::Line(line) => {
                kit::telemetry::pass_on(&line);
                self.keep(line.clone());
                // A reader of logs that is slow costs lines, not the run.
                let _ = self.log.try_send((self.worker.clone(), line));
                None
            }
            Output::Exit(status) => {
                self.process = None;
                tracing::info!(run = %self.run, worker = self.worker, "the worker has ended: {status}");
                let exit = exit_of(status);
                add(&EXITS, &[("how", how(&exit, status))], 1);
                Some(Event::Exited(exit))
            }
        }
    }

    fn finished(&mut self, task: Result<Finished, tokio::task::JoinError>) -> Option<Event> {
        match task {
            Ok(Finished::Renewal(renewal, lease, until)) => {
                self.lease = lease;
                if renewal == Renewal::Renewed {
                    self.leased_until = until;
                    self.each_process(|process| process.leased(until));
                }
                Some(Event::Renewal(renewal))
            }
            Ok(Finished::Look(reply, answered)) => Some(Event::StopLooked(reply, answered)),
            Ok(Finished::Written) => Some(Event::Written),
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    fn fail(&mut self, how: &str) {
        let is_trouble = |line: &&String| !line.contains(" INFO ") && !line.contains("\"INFO\"");
        let error = self.last_lines.iter().rev().find(is_trouble);
        let error = error.or(self.last_lines.back()).map(|line| message(line));
        let reason = format!("{} ({how})", deaths(DEADLY));
        let (node, run) = (self.node.clone(), self.run.clone());
        self.tasks.spawn(async move {
            records::fail(&node, &run, &reason, error.as_deref()).await;
            Finished::Written
        });
    }

    /// Says what is done about the worker, also to whoever reads why the run failed.
    fn say(&mut self, line: &str) {
        tracing::warn!(run = %self.run, worker = self.worker, "{line}");
        self.keep(line.to_owned());
        let _ = self.log.try_send((self.worker.clone(), line.to_owned()));
    }

    fn keep(&mut self, line: String) {
        self.last_lines.push_back(line);
        if self.last_lines.len() > LAST_LINES {
            self.last_lines.pop_front();
        }
    }
}

/// What a log line says, without what is around it where it is an object.
fn message(line: &str) -> String {
    let object: Option<serde_json::Value> = serde_json::from_str(line).ok();
    let message = object.as_ref().and_then(|object| object["message"].as_str());
    message.unwrap_or(line).to_owned()
}

/// What comes next from the worker; for ever if there is none.
async fn next_output(process: &mut Option<Process>) -> Output {
    match process {
        Some(process) => process.next().await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

fn words(cause: Cause, hung_seconds: u64) -> String {
    match cause {
        Cause::Hung => format!("no sign of life for {hung_seconds} s"),
        Cause::Stop => "it does not answer a stop, nor SIGTERM".to_owned(),
        Cause::Lost => "somebody else has the lease".to_owned(),
        Cause::Slow => "it was asked to end and did not".to_owned(),
    }
}

fn exit_of(status: ExitStatus) -> Exit {
    match status.code() {
        Some(0) => Exit::Clean,
        Some(code) if code == i32::from(EXIT_FENCED) => Exit::Fenced,
        Some(code) if code == i32::from(EXIT_OTHER_RULES) => Exit::OtherRules,
        // A configuration file that was broken since the node began is not the run's fault.
        Some(code) if code == i32::from(EXIT_USAGE) => Exit::Blameless(status.to_string()),
        _ => Exit::Died(status.to_string()),
    }
}

/// The word for how a worker ended.
fn how(exit: &Exit, status: ExitStatus) -> &'static str {
    match exit {
        Exit::Clean => "clean",
        Exit::Fenced => "fenced",
        Exit::OtherRules => "other_rules",
        Exit::Died(_) | Exit::Blameless(_) => match status.signal() {
            Some(_) => "killed",
            None => "died",
        },
    }
}

/// Renews the lease; one that has expired without a successor is taken again. Should somebody
/// have had the run meanwhile, its journal fences our worker.
async fn renew(bus: Bus, mut lease: Lease, until: u64) -> Finished {
    let renewed = match bus.renew_lease(&mut lease).await {
        Ok(true) => return Finished::Renewal(Renewal::Renewed, lease, until),
        Ok(false) => bus.acquire_lease(&lease.key, &lease.holder, lease.ttl).await,
        Err(error) => Err(error),
    };
    match renewed {
        Ok(Some(again)) => Finished::Renewal(Renewal::Renewed, again, until),
        Ok(None) => Finished::Renewal(Renewal::Lost, lease, 0),
        Err(error) => {
            tracing::warn!("failed to renew the lease on {}: {error}", lease.key);
            Finished::Renewal(Renewal::NoAnswer, lease, 0)
        }
    }
}

/// Looks whether a reply is stored; `None` if the bus does not answer.
async fn look(bus: Bus, reply: String) -> Finished {
    let stored = bus.last(StreamName::Replies, &reply).await.ok();
    Finished::Look(reply, stored.map(|stored| stored.is_some()))
}
