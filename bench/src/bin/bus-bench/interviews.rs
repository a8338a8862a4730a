//! How long an agent takes to answer while its run goes on, beside what the bus takes alone.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, ensure};
use bus::{Append, Bus, BusArgs, Role, ServiceInfo, Start};
use contract::command::{BatchInterview, Interview, Request, Whom};
use contract::id::{ClientId, RunId};
use contract::reply::{Reply, ReplyResult};
use contract::status::RunStatus;
use contract::subject::{Platform, StreamName};
use contract::timestamp::Timestamp;
use tokio::task::JoinSet;

use crate::figures::{circumstances, load, percentile, worst};
use crate::site::Site;
use crate::town;
use crate::witness::Witness;

const AGENTS: u32 = 1_000;
/// Rounds per second, in thousandths.
const PACE_MILLI: u32 = 2_000;
/// More than are played.
const ROUNDS: u32 = 20_000;
/// Rounds that are played before anything is measured.
const WARM_UP: usize = 20;
/// Questions that are asked at once, beside one after the other.
const SOME: usize = 50;
const MANY: usize = 2_000;
/// How long any answer may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// What MiroFish takes, in milliseconds; it answers only after the run.
const ORIGINAL: &str = "500 to 1000";

/// Plays a paced run and asks its agents; prints what answers take beside a bare request and a
/// bare durable command.
pub(crate) async fn measure(questions: usize) -> anyhow::Result<()> {
    println!("What agents of a run of {AGENTS} at 2 rounds a second take to answer (builtin, both");
    println!("worlds), from publishing the question to reading the stored reply, milliseconds.");
    println!("The original: {ORIGINAL}, and only after the run.");
    println!("{}.\n", circumstances());
    let mut site = Site::start("", &[]).await?;
    site.add_node();
    let spec = town::generated(AGENTS, ROUNDS)?;
    let wish = town::options(&spec, &Platform::ALL, Some(PACE_MILLI))?;
    let run = site.run(&spec, wish).await?;
    site.status(&run, "running", |status| status.status == RunStatus::Running).await?;
    let mut witness = Witness::new(&site.bus, &run).await?;
    witness.frames(WARM_UP, |_, _| true).await?;
    println!("{:<34} {:>8} {:>8} {:>8} {:>8}", "", "count", "p50", "p99", "worst");

    let other = Bus::connect(&args(&site), Role::Cli, "bus-bench-other", PATIENCE).await?;
    print("bare NATS request", &requests(&site.bus, &other, questions).await?);
    print("bare durable command", &commands(&site.bus, &other, &run, questions).await?);
    let mut one = Vec::new();
    for number in 0..questions {
        one.push(interview(&site.bus, &run, number).await?);
    }
    print("interview, one at a time", &one);
    let mut some = Vec::new();
    for begin in (0..questions).step_by(SOME) {
        some.extend(at_once(&site.bus, &run, begin, SOME).await?);
    }
    print(&format!("interview, {SOME} at once"), &some);
    let begin = Instant::now();
    let many = at_once(&site.bus, &run, 0, MANY).await?;
    let seconds = begin.elapsed().as_secs_f64();
    print(&format!("interview, {MANY} at once"), &many);
    println!("  all of them answered in {seconds:.2} s");
    let all = batch(&site.bus, &run).await?;
    println!("  all {AGENTS} agents as one batch, in both worlds: {all:.1} ms");
    // The run has to have gone on meanwhile.
    witness.frames(WARM_UP, |_, _| true).await?;
    println!("load average {} at the end", load());
    Ok(())
}

fn args(site: &Site) -> BusArgs {
    BusArgs::at(site.nats.url())
}

fn print(what: &str, took: &[f64]) {
    let (p50, p99, worst) = (percentile(took, 50), percentile(took, 99), worst(took));
    println!("  {what:<32} {:>8} {p50:>8.2} {p99:>8.2} {worst:>8.2}", took.len());
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// A question that somebody answers at once, on another connection.
async fn requests(bus: &Bus, other: &Bus, count: usize) -> anyhow::Result<Vec<f64>> {
    let subject = "bench.echo".to_owned();
    let (name, version) = ("bench-echo".to_owned(), "1.0.0".to_owned());
    let description = "answers".to_owned();
    let info = ServiceInfo { name, version, description, metadata: BTreeMap::new() };
    let mut served =
        other.serve(info, &[("echo", subject.clone())]).await.map_err(|why| anyhow!(why))?;
    let answering = tokio::spawn(async move {
        while let Some(request) = served.next().await {
            let body = request.body.to_vec();
            request.respond(body).await;
        }
    });
    let mut took = Vec::new();
    for _ in 0..count {
        let begin = Instant::now();
        bus.request(subject.clone(), b"Why?".to_vec(), PATIENCE).await?;
        took.push(milliseconds(begin));
    }
    answering.abort();
    Ok(took)
}

/// A message that is stored, acknowledged, and read by whoever follows the stream on another
/// connection: what any durable command takes at least.
async fn commands(bus: &Bus, other: &Bus, run: &RunId, count: usize) -> anyhow::Result<Vec<f64>> {
    let subject = bus.prefix().dead_letters("bench", Some(run));
    let mut cursor = other.follow(StreamName::DeadLetters, &subject, Start::New).await?;
    let mut took = Vec::new();
    for number in 0..count {
        let (subject, body) = (subject.clone(), number.to_string().into_bytes());
        let begin = Instant::now();
        let message =
            Append { subject, body: body.clone(), headers: Vec::new(), expected_last: None };
        let (stored, read) = tokio::join!(bus.append(message), cursor.next());
        stored?;
        took.push(milliseconds(begin));
        ensure!(read.body == body, "another message was read");
    }
    Ok(took)
}

/// A question to one agent in both worlds.
async fn interview(bus: &Bus, run: &RunId, number: usize) -> anyhow::Result<f64> {
    let agent_id = u32::try_from(number)? % AGENTS;
    let prompt = format!("What do you make of it, number {number}?");
    let request =
        Request::Interview(Interview { agent_id, prompt, platform: None, at_round: None });
    let begin = Instant::now();
    let reply = ask(bus, run, request).await?;
    let took = milliseconds(begin);
    let result = reply.into_result()?;
    ensure!(matches!(result, ReplyResult::Interview(_)), "an odd reply: {result:?}");
    Ok(took)
}

/// So many questions, none of which waits for another.
async fn at_once(bus: &Bus, run: &RunId, first: usize, count: usize) -> anyhow::Result<Vec<f64>> {
    let mut asked = JoinSet::new();
    for number in first..first + count {
        let (bus, run) = (bus.clone(), run.clone());
        asked.spawn(async move { interview(&bus, &run, number).await });
    }
    asked.join_all().await.into_iter().collect()
}

/// All agents in one command.
async fn batch(bus: &Bus, run: &RunId) -> anyhow::Result<f64> {
    let whom = Whom::All { prompt: "What do you make of it?".to_owned() };
    let begin = Instant::now();
    let request = Request::BatchInterview(BatchInterview { whom, platform: None, at_round: None });
    let reply = bus.whole_reply(&client(), ask(bus, run, request).await?).await?;
    let took = milliseconds(begin);
    match reply.into_result()? {
        ReplyResult::Interviews(all) => {
            let answered = usize::try_from(all.answered)?;
            ensure!(answered == AGENTS as usize * Platform::ALL.len(), "{answered} answered");
            Ok(took)
        }
        other => Err(anyhow!("an odd reply: {other:?}")),
    }
}

async fn ask(bus: &Bus, run: &RunId, request: Request) -> anyhow::Result<Reply> {
    let now = Timestamp::from_milliseconds(kit::now_milliseconds());
    let reply = bus.ask_run(run, &client(), request, now, PATIENCE).await;
    reply.with_context(|| format!("asking {run}"))
}

fn client() -> ClientId {
    "bench".parse().expect("it is a client id")
}
