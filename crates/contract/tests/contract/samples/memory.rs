//! What a memory is asked and answers.

mod graphs;

use contract::action::Action;
use contract::memory::{
    CursorStatus, DEFAULT_LIMIT, Episode, Episodes, EpisodesAnswer, MAX_LIMIT, MemoryError,
    MemoryErrorCode, PlatformTotals, Scope, Search, SearchAnswer, Stats, StatsAnswer, TargetState,
    TargetStatus, Targets, TargetsAnswer, TypeTotal,
};
use contract::notice::action_id;
use contract::subject::Platform;
use contract::version::V1;

use super::{Sample, at, each, run, sample, word, worlds};
use crate::messages::Refusal;

pub(super) fn samples() -> Vec<Sample> {
    let mut samples = questions();
    samples.extend(answers());
    samples.extend(graphs::samples());
    let messages = [
        "memory-search-answer",
        "memory-episodes-answer",
        "memory-stats-answer",
        "memory-targets-answer",
        "memory-graph-answer",
        "memory-find-answer",
        "memory-nodes-answer",
        "memory-edges-answer",
        "memory-node-answer",
        "memory-statistics-answer",
        "memory-timeline-answer",
    ];
    for message in messages {
        for code in each(next_code) {
            let error = MemoryError { code, message: "why not, in words".to_owned() };
            let name = format!("refused-{}", word(&code));
            samples.push(sample(message, name, &Refusal { error }));
        }
    }
    samples
}

fn questions() -> Vec<Sample> {
    let graph = || Scope::Graph("night-market".to_owned());
    let everywhere = Search { scope: None, query: "图书馆".to_owned(), limit: DEFAULT_LIMIT };
    let in_run = Search { scope: Some(Scope::Run(run())), ..everywhere.clone() };
    let in_graph = Search { scope: Some(graph()), limit: MAX_LIMIT, ..everywhere.clone() };
    let first = Episodes { scope: Scope::Run(run()), platform: None, after: 0, limit: 20 };
    let next =
        Episodes { scope: graph(), platform: Some(Platform::Reddit), after: 41, limit: MAX_LIMIT };
    vec![
        sample("memory-search", "everywhere", &everywhere),
        sample("memory-search", "in-a-run", &in_run),
        sample("memory-search", "in-a-graph", &in_graph),
        sample("memory-episodes", "of-a-run", &first),
        sample("memory-episodes", "of-a-graph-from-a-place", &next),
        sample("memory-stats", "of-a-run", &Stats { scope: Scope::Run(run()) }),
        sample("memory-stats", "of-a-graph", &Stats { scope: graph() }),
        sample("memory-targets", "all", &Targets),
    ]
}

fn answers() -> Vec<Sample> {
    let actions = worlds::story().remove(1).actions.into_iter();
    let episodes: Vec<Episode> = actions.take(3).map(episode).collect();
    let found = SearchAnswer { v: V1, total: 12, episodes: episodes.clone() };
    let page = EpisodesAnswer { v: V1, episodes, next: Some(15) };
    let last = EpisodesAnswer { v: V1, episodes: Vec::new(), next: None };
    let targets = each(next_state).into_iter().map(target).collect();
    vec![
        sample("memory-search-answer", "found", &found),
        sample("memory-episodes-answer", "page", &page),
        sample("memory-episodes-answer", "nothing-follows", &last),
        sample("memory-stats-answer", "stats", &stats()),
        sample("memory-targets-answer", "targets", &TargetsAnswer { v: V1, targets }),
    ]
}

pub(super) fn episode(body: Action) -> Episode {
    Episode {
        action_id: action_id(&run(), Platform::Twitter, body.seq),
        graph_id: "night-market".to_owned(),
        run_id: run(),
        platform: Platform::Twitter,
        round: 1,
        simulated_time: at(0).midnight().plus_minutes(60),
        agent_id: body.agent_id,
        agent_name: body.agent_name.clone(),
        action_type: body.body.type_name().to_owned(),
        text: format!("{}: what it did, in words", body.agent_name),
        body,
    }
}

fn stats() -> StatsAnswer {
    let last_simulated_time = at(0).midnight().plus_minutes(60);
    let types = vec![TypeTotal { action_type: "CREATE_POST".to_owned(), episodes: 3 }];
    let platform = Platform::Twitter;
    let cursor = |target: &str, seq, simulated_time, problem: Option<&str>| CursorStatus {
        run_id: run(),
        platform,
        target: target.to_owned(),
        graph_id: "night-market".to_owned(),
        seq,
        round: 1,
        simulated_time,
        published: 16,
        lag: 16 - seq,
        lag_seconds: None,
        delivered: None,
        retried: None,
        dead: None,
        problem: problem.map(str::to_owned),
    };
    let counted = CursorStatus {
        lag_seconds: Some(90),
        delivered: Some(9),
        retried: Some(4),
        dead: Some(1),
        ..cursor("team", 9, Some(last_simulated_time), Some("the memory answers 503"))
    };
    StatsAnswer {
        v: V1,
        episodes: 3,
        platforms: vec![PlatformTotals {
            platform,
            episodes: 3,
            types,
            last_round: 1,
            last_simulated_time,
        }],
        cursors: vec![
            cursor("local", 14, Some(last_simulated_time), None),
            cursor("team", 0, None, Some("the memory answers 503")),
            counted,
        ],
        lag: 25,
    }
}

fn target(state: TargetState) -> TargetStatus {
    let (name, kind, place, problem, requests) = match state {
        TargetState::Ready => ("local", "sqlite", "graph.db", None, None),
        TargetState::Retrying => {
            ("slow", "http", "https://slow.example", Some("it answers 503"), Some(12))
        }
        TargetState::Unauthorized => {
            ("team", "zep", "https://team.example:8443", Some("401"), Some(1))
        }
    };
    TargetStatus {
        name: name.to_owned(),
        kind: kind.to_owned(),
        place: place.to_owned(),
        state,
        problem: problem.map(str::to_owned),
        requests,
        rate_limit_remaining: (state == TargetState::Retrying).then_some(-1),
    }
}

fn next_state(state: Option<&TargetState>) -> Option<TargetState> {
    match state {
        None => Some(TargetState::Ready),
        Some(TargetState::Ready) => Some(TargetState::Retrying),
        Some(TargetState::Retrying) => Some(TargetState::Unauthorized),
        Some(TargetState::Unauthorized) => None,
    }
}

fn next_code(code: Option<&MemoryErrorCode>) -> Option<MemoryErrorCode> {
    match code {
        None => Some(MemoryErrorCode::Malformed),
        Some(MemoryErrorCode::Malformed) => Some(MemoryErrorCode::UnknownGraph),
        Some(MemoryErrorCode::UnknownGraph) => Some(MemoryErrorCode::UnknownRun),
        Some(MemoryErrorCode::UnknownRun) => Some(MemoryErrorCode::UnknownNode),
        Some(MemoryErrorCode::UnknownNode) => Some(MemoryErrorCode::Internal),
        Some(MemoryErrorCode::Internal) => None,
    }
}
