//! Questions to agents: one, several, or all, now or as of a round that is over.
//!
//! A batch is put to the lanes in slices, so that none of them is long without a tick, and what
//! comes of it is stored part by part as it comes.

use std::sync::Arc;

use contract::command::{BatchInterview, Interview, Whom};
use contract::id::CommandId;
use contract::interviews::{AgentOutcome, Gatherer, Interviews, ReplyPart};
use contract::past::Stage;
use contract::reply::{Answer, ErrorCode, InterviewResult, ReplyError, ReplyResult};
use contract::subject::{CommandAddress, Platform, StreamName};
use futures_util::future::{FutureExt as _, join_all};
use futures_util::stream::{self, StreamExt as _};

use super::super::answer::{Heard, Question, Said, Saying};
use super::super::lane::{Ask, QUESTIONS};
use super::super::open::part_size;
use super::super::store_first;
use super::post::answers;
use super::talks::Talk;
use super::whole::{Held, Outcome};
use super::{Answer as Answering, Desk, error, refusal};
use crate::job::progress::Reporter;
use crate::protocol::Lost;

/// Slices of a batch that are put to the lanes before the first of them is answered.
const AHEAD: usize = 4;

/// What the agents of one world said, or why none of them could be asked; `None`: this worker
/// ends before it is known.
type Told = Option<Result<Vec<Said>, ReplyError>>;

/// One of the questions of a batch.
struct Item {
    question: Question,
    /// In which world; `None`: in each.
    platform: Option<Platform>,
}

impl Desk {
    /// Asks one agent.
    pub(super) fn interview(&self, interview: &Interview, talk: Talk) -> Answering {
        let wanted = |platform: &Platform| interview.platform.is_none_or(|it| it == *platform);
        let worlds: Vec<Platform> = self.lanes.platforms().into_iter().filter(wanted).collect();
        if worlds.is_empty() {
            let error = self.no_world(interview.platform.map_or("other", Platform::as_str));
            return refusal(error.code, error.message);
        }
        let Interview { agent_id, prompt, at_round, .. } = interview.clone();
        let questions: Arc<[Question]> =
            [Question { agent_id, prompt: prompt.as_str().into() }].into();
        let desk = self.clone();
        async move {
            let asked = worlds.iter().map(|world| desk.ask(*world, at_round, &questions, &talk));
            let mut told = Vec::new();
            for (platform, said) in worlds.iter().zip(join_all(asked).await) {
                let said = said?.and_then(|said| said.into_iter().next().unwrap_or_else(nothing));
                told.push((*platform, said));
            }
            let result = result(agent_id, prompt, told);
            match &result {
                Ok(said) => said.failures().for_each(|(_, failure)| talk.count(failure)),
                Err(failure) => talk.count(failure),
            }
            faults::point("question.answered");
            Some(result.map(ReplyResult::Interview))
        }
        .boxed()
    }

    /// Asks several agents. What fails takes nothing else with it, unless nobody can be asked.
    pub(super) fn batch(
        &self,
        address: &CommandAddress,
        batch: &BatchInterview,
        talk: Talk,
    ) -> Answering {
        let (desk, address, batch) = (self.clone(), address.clone(), batch.clone());
        async move {
            let _turn = desk.turns.of(&talk).await;
            let items = match desk.items(batch.whom, batch.platform).await {
                Ok(items) => items,
                Err(failure) => return Some(Err(failure)),
            };
            match desk.ask_all(&address, items, batch.at_round, &talk).await {
                Ok(all) => {
                    faults::point("question.answered");
                    all.map(|told| told.map(ReplyResult::Interviews))
                }
                Err(lost) => {
                    let why = format!("a part of the reply could not be stored: {lost}");
                    Some(Err(error(ErrorCode::Internal, why)))
                }
            }
        }
        .boxed()
    }

    /// Who is asked what.
    async fn items(&self, whom: Whom, platform: Option<Platform>) -> Result<Vec<Item>, ReplyError> {
        Ok(match whom {
            Whom::Interviews(questions) => (questions.into_iter())
                .map(|asked| Item {
                    question: Question { agent_id: asked.agent_id, prompt: asked.prompt.into() },
                    platform: asked.platform.or(platform),
                })
                .collect(),
            Whom::All { prompt } => {
                let (spec, prompt): (_, Arc<str>) = (self.past.spec().await?, prompt.into());
                let question = |agent_id| Question { agent_id, prompt: Arc::clone(&prompt) };
                let agents = spec.agents.iter().map(|agent| agent.agent_id);
                agents.map(|id| Item { question: question(id), platform }).collect()
            }
        })
    }

    /// Asks slice by slice, and stores what does not fit one message; `None`: this worker ends.
    async fn ask_all(
        &self,
        address: &CommandAddress,
        mut items: Vec<Item>,
        at_round: Option<u32>,
        talk: &Talk,
    ) -> Result<Option<Result<Interviews, ReplyError>>, Lost> {
        let there = self.lanes.platforms();
        let results = items.iter().map(|item| item.platform.map_or(there.len(), |_| 1));
        let of = u32::try_from(results.sum::<usize>()).unwrap_or(u32::MAX);
        let mut held = Held::new(wanted(&items, &there));
        let report = Reporter::new(self.bus.clone(), address).begin(Stage::Asking, None, of);
        report.says(0, 0, 0);
        let mut gatherer = self.gatherer(address);
        let cut = || {
            let rest = items.split_off(items.len().min(QUESTIONS));
            Some(std::mem::replace(&mut items, rest)).filter(|slice| !slice.is_empty())
        };
        let slices = std::iter::from_fn(cut).map(|slice| self.ask_slice(slice, at_round, talk));
        let mut slices = stream::iter(slices).buffered(AHEAD);
        let mut done = 0;
        while let Some(outcomes) = slices.next().await {
            let Some(outcomes) = outcomes else { return Ok(None) };
            let outcomes = match held.take(outcomes) {
                Ok(outcomes) => outcomes,
                Err(failure) => return Ok(Some(Err(failure))),
            };
            for Outcome { prompt, agent_id, platform, said, .. } in outcomes {
                done += 1;
                let outcome = said.map_or_else(|error| failed(talk, error), told);
                if let Some(part) = gatherer.push(&prompt, agent_id, platform, outcome) {
                    self.store_part(address, gatherer.by(), &part).await?;
                }
            }
            report.says(done, 0, 0);
        }
        let by = gatherer.by().clone();
        let (last, all) = gatherer.finish();
        if let Some(part) = last {
            self.store_part(address, &by, &part).await?;
        }
        Ok(Some(Ok(all)))
    }

    /// What comes of some questions, in their order; of each Twitter's first.
    async fn ask_slice(
        &self,
        slice: Vec<Item>,
        at_round: Option<u32>,
        talk: &Talk,
    ) -> Option<Vec<Outcome>> {
        let there = self.lanes.platforms();
        let of_world = |world: Platform| {
            let is_wanted = move |item: &&Item| item.platform.is_none_or(|wanted| wanted == world);
            let questions: Arc<[Question]> =
                slice.iter().filter(is_wanted).map(|item| item.question.clone()).collect();
            let is_there = there.contains(&world);
            async move {
                match is_there {
                    _ if questions.is_empty() => Some(Ok(Vec::new())),
                    true => self.ask(world, at_round, &questions, talk).await,
                    false => Some(Err(self.no_world(world.as_str()))),
                }
            }
        };
        let told = join_all(Platform::ALL.map(of_world)).await;
        let mut sides = Vec::new();
        for (platform, told) in Platform::ALL.into_iter().zip(told) {
            sides.push((platform, told?.map(Vec::into_iter)));
        }
        let mut outcomes = Vec::new();
        for Item { question, platform: wanted } in &slice {
            for (platform, told) in &mut sides {
                let is_asked = match wanted {
                    Some(wanted) => wanted == platform,
                    None => there.contains(platform),
                };
                if !is_asked {
                    continue;
                }
                let (said, is_unasked) = match told {
                    Ok(said) => (said.next().unwrap_or_else(nothing), false),
                    Err(why) => (Err(why.clone()), !is_over(why)),
                };
                let (prompt, agent_id) = (Arc::clone(&question.prompt), question.agent_id);
                outcomes.push(Outcome { prompt, agent_id, platform: *platform, said, is_unasked });
            }
        }
        Some(outcomes)
    }

    /// Asks agents of one world, until nobody waits for that any more.
    async fn ask(
        &self,
        world: Platform,
        at_round: Option<u32>,
        questions: &Arc<[Question]>,
        talk: &Talk,
    ) -> Told {
        if let Some(why) = talk.over() {
            return Some(Err(why));
        }
        let sayings = match talk.or_over(self.sayings(world, at_round, questions)).await {
            Ok(sayings) => sayings?,
            Err(why) => Err(why),
        };
        match sayings {
            Ok(sayings) => {
                let said = sayings.into_iter().map(async |saying| talk.or_over(saying).await?);
                Some(Ok(join_all(said).await))
            }
            Err(why) => Some(Err(why)),
        }
    }

    /// What agents of one world are about to say; `None` if this worker ends before.
    async fn sayings(
        &self,
        world: Platform,
        at_round: Option<u32>,
        questions: &Arc<[Question]>,
    ) -> Option<Result<Vec<Saying>, ReplyError>> {
        let put = Arc::clone(questions);
        let ask = move |done| Ask::Interview { questions: Arc::clone(&put), at_round, done };
        let posted = self.lanes.post(|platform| platform == world, ask).await?;
        let (_, heard) = answers(posted).await?.pop()?;
        Some(match (heard, at_round) {
            (Ok(Heard::Sayings(sayings)), _) => Ok(sayings),
            (Ok(Heard::Past(genesis, minds)), Some(round)) => {
                self.past.sayings(&genesis, round, Arc::clone(questions), minds).await
            }
            (Ok(Heard::Past(..)), None) => {
                Err(error(ErrorCode::Internal, "the world of the last round is not there"))
            }
            (Err(why), _) => Err(why),
        })
    }

    fn gatherer(&self, address: &CommandAddress) -> Gatherer {
        let CommandAddress { run, command_id, .. } = address;
        let most = usize::try_from(part_size(self.bus.max_payload())).unwrap_or(usize::MAX);
        Gatherer::new(command_id.clone(), run.clone(), self.bus.new_command_id(), most)
    }

    async fn store_part(
        &self,
        address: &CommandAddress,
        by: &CommandId,
        part: &ReplyPart,
    ) -> Result<(), Lost> {
        let CommandAddress { client, run, command_id, .. } = address;
        let subject = self.bus.prefix().reply_part(client, run, command_id, by, part.part);
        store_first(&self.bus, StreamName::Replies, &subject, part.to_bytes()).await?;
        Ok(())
    }
}

/// The worlds that the questions are for, of those that are there or not.
fn wanted(items: &[Item], there: &[Platform]) -> Vec<Platform> {
    let wants = |item: &Item, world: &Platform| match item.platform {
        Some(wanted) => wanted == *world,
        None => there.contains(world),
    };
    let is_wanted = |world: &Platform| items.iter().any(|item| wants(item, world));
    Platform::ALL.into_iter().filter(is_wanted).collect()
}

/// Whether that is said of what nobody waits for any more.
fn is_over(why: &ReplyError) -> bool {
    matches!(why.code, ErrorCode::Cancelled | ErrorCode::Expired)
}

fn told((agent_name, answer): (String, Answer)) -> AgentOutcome {
    let Answer { response, as_of, model, platform: _ } = answer;
    AgentOutcome::Said { agent_name, response, as_of, model }
}

fn failed(talk: &Talk, error: ReplyError) -> AgentOutcome {
    talk.count(&error);
    AgentOutcome::Failed { error }
}

fn nothing() -> Said {
    Err(error(ErrorCode::Internal, "the agent was asked and nothing came of it"))
}

/// What comes of one question; only where no world has an answer is there a failure, the first.
fn result(
    agent_id: u32,
    prompt: String,
    told: Vec<(Platform, Said)>,
) -> Result<InterviewResult, ReplyError> {
    if told.iter().all(|(_, said)| said.is_err())
        && let Some((_, Err(failure))) = told.first()
    {
        return Err(failure.clone());
    }
    let mut result = InterviewResult {
        agent_id,
        agent_name: String::new(),
        prompt,
        twitter: None,
        reddit: None,
        twitter_error: None,
        reddit_error: None,
    };
    for (platform, said) in told {
        let (answer, error) = match platform {
            Platform::Twitter => (&mut result.twitter, &mut result.twitter_error),
            Platform::Reddit => (&mut result.reddit, &mut result.reddit_error),
        };
        match said {
            Ok((name, said)) => (result.agent_name, *answer) = (name, Some(said)),
            Err(why) => *error = Some(why),
        }
    }
    Ok(result)
}
