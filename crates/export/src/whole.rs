//! A whole export: what was read of a run goes in, a folder comes out.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use contract::frame::Frame;
use contract::notice::LogLine;
use contract::reply::{InterviewResult, Reply, ReplyOutcome, ReplyResult};
use contract::spec::Spec;
use contract::status::EnvStatus;
use contract::subject::Platform;
use rusqlite::Connection;

use crate::Format;
use crate::error::ExportError;
use crate::folder::{Folder, MANIFEST, OWN_FILES};
use crate::lane::Lane;
use crate::manifest::{Manifest, NOT_REPRODUCED, Written};
use crate::oasis::Tables;
use crate::original::ActionLog;
use crate::run_state::{Recent, env_status_json, pretty, run_state_json};
use crate::tidy::{self, Sheet};

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Which files; none means all.
    pub formats: Vec<Format>,
    /// Whether failed actions and REFRESH stand in the lists of actions.
    pub all_actions: bool,
    /// Whether files of ours in a folder that is not empty are replaced.
    pub force: bool,
}

/// An export that is being made. Dropped before [`Export::finish`], it leaves nothing.
///
/// Memory does not grow with the run; the folder's disk needs room for the databases also
/// where only CSV is wanted.
pub struct Export<'a> {
    folder: Folder,
    request: Request,
    spec: &'a Spec,
    status: EnvStatus,
    lanes: Vec<Lane>,
    sheets: Option<Sheets>,
    log: Option<BufWriter<File>>,
    log_lines: u64,
    interviews: u64,
}

type FileSheet = Sheet<BufWriter<File>>;

/// The CSV files that are written as frames and replies come.
struct Sheets {
    actions: FileSheet,
    rounds: FileSheet,
    interviews: FileSheet,
}

impl<'a> Export<'a> {
    /// Begins an export of a run in this state into `folder`, which is made if it is not there.
    ///
    /// # Errors
    /// If the folder is not empty, or cannot be written.
    pub fn begin(
        folder: &Path,
        request: &Request,
        spec: &'a Spec,
        status: &EnvStatus,
    ) -> Result<Export<'a>, ExportError> {
        let mut request = request.clone();
        if request.formats.is_empty() {
            request.formats = Format::ALL.to_vec();
        }
        request.formats.sort();
        request.formats.dedup();
        let mut folder = Folder::open(folder, request.force)?;
        let platforms = status.options.platforms.iter();
        let lanes = platforms.map(|platform| lane(&mut folder, &request, spec, *platform));
        let lanes = lanes.collect::<Result<_, _>>()?;
        let has = |format| request.formats.contains(&format);
        let sheets = has(Format::Csv).then(|| Sheets::new(&mut folder)).transpose()?;
        let log = has(Format::Original).then(|| folder.create("simulation.log")).transpose()?;
        let status = status.clone();
        Ok(Export {
            folder,
            request,
            spec,
            status,
            lanes,
            sheets,
            log,
            log_lines: 0,
            interviews: 0,
        })
    }

    /// Takes the next frame of one of the run's worlds: whole, each world's from tick 0 on.
    ///
    /// # Errors
    /// If it does not follow the one before, or cannot be written.
    pub fn frame(&mut self, frame: &Frame) -> Result<(), ExportError> {
        let lane = self.lanes.iter_mut().find(|lane| lane.platform == frame.platform);
        lane.ok_or(ExportError::NoWorld(frame.platform))?.frame(frame)?;
        if let Some(sheets) = &mut self.sheets {
            sheets.actions.actions(frame, self.request.all_actions)?;
            sheets.rounds.round(frame)?;
        }
        Ok(())
    }

    /// Takes a reply to a command of the run, with all its parts; what is no interview's is passed
    /// over.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn reply(&mut self, reply: &Reply) -> Result<(), ExportError> {
        match &reply.outcome {
            ReplyOutcome::Completed { result: ReplyResult::Interview(result) } => {
                self.interview(reply, result)
            }
            ReplyOutcome::Completed { result: ReplyResult::Interviews(all) } => {
                all.said.answers().try_for_each(|result| self.interview(reply, &result))
            }
            ReplyOutcome::Completed {
                result:
                    ReplyResult::Started { .. }
                    | ReplyResult::Stopped { .. }
                    | ReplyResult::Paused { .. }
                    | ReplyResult::Resumed { .. }
                    | ReplyResult::Closed { .. }
                    | ReplyResult::Applied { .. }
                    | ReplyResult::Deleted { .. }
                    | ReplyResult::Verified { .. }
                    | ReplyResult::Replayed { .. }
                    | ReplyResult::Repaired { .. }
                    | ReplyResult::Forked { .. }
                    | ReplyResult::MemoryAttached { .. }
                    | ReplyResult::MemoryRedriven(_)
                    | ReplyResult::Cancelled { .. },
            }
            | ReplyOutcome::Failed { .. } => Ok(()),
        }
    }

    fn interview(&mut self, reply: &Reply, result: &InterviewResult) -> Result<(), ExportError> {
        self.interviews += u64::from(result.twitter.is_some()) + u64::from(result.reddit.is_some());
        for tables in self.lanes.iter_mut().filter_map(|lane| lane.tables.as_mut()) {
            tables.interview(result)?;
        }
        match &mut self.sheets {
            Some(sheets) => sheets.interviews.interview(&reply.command_id, reply.at, result),
            None => Ok(()),
        }
    }

    /// Takes the next line of the run's log.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn log(&mut self, line: &LogLine) -> Result<(), ExportError> {
        let Some(log) = &mut self.log else { return Ok(()) };
        self.log_lines += 1;
        writeln!(log, "{}", line.line).map_err(ExportError::row("simulation.log"))
    }

    /// Completes the files and puts them in their places.
    ///
    /// # Errors
    /// If the run is over and not all its frames were there, or the files cannot be written.
    pub fn finish(mut self) -> Result<Manifest, ExportError> {
        let mut status = self.status.clone();
        for lane in &self.lanes {
            let world = status.platforms.iter_mut().find(|it| it.platform == lane.platform);
            let Some(world) = world else { continue };
            if !self.status.status.is_live() {
                lane.check(world)?;
            }
            lane.bring_up_to_date(world);
        }
        let rounds = status.options.rounds;
        let described = self.lanes.iter().map(|lane| lane.described(rounds));
        let platforms: Vec<_> = described.collect::<Result<_, _>>()?;
        let mut rows = Rows::default();
        self.finish_original(&status, &mut rows)?;
        self.finish_sheets(&mut rows)?;
        for (lane, world) in self.lanes.iter_mut().zip(&platforms) {
            let Some(tables) = lane.tables.take() else { continue };
            tables.finish()?.close().map_err(|(_, error)| error)?;
            if self.request.formats.contains(&Format::Oasis) {
                rows.add(database(lane.platform), world.tables.values().sum());
            }
        }
        let manifest = Manifest {
            v: 1,
            rules: self.lanes.iter().find_map(|lane| lane.rules),
            run_id: status.run_id,
            simulation_id: status.simulation_id,
            spec_digest: status.spec_digest,
            seed: status.options.seed,
            status: status.status,
            rounds,
            formats: self.request.formats,
            all_actions: self.request.all_actions,
            platforms,
            interviews: self.interviews,
            files: rows.written(&self.folder)?,
            not_reproduced: &NOT_REPRODUCED,
        };
        self.folder.finish(&pretty(&manifest))?;
        Ok(manifest)
    }

    fn finish_original(&mut self, status: &EnvStatus, rows: &mut Rows) -> Result<(), ExportError> {
        let Some(mut log) = self.log.take() else { return Ok(()) };
        log.flush().map_err(ExportError::row("simulation.log"))?;
        rows.add("simulation.log", self.log_lines);
        for lane in &mut self.lanes {
            let Some(log) = lane.log.take() else { continue };
            rows.add(action_log(lane.platform), log.rows());
            log.finish()?;
        }
        let recent: Vec<&Recent> = self.lanes.iter().map(|lane| &lane.recent).collect();
        let state = run_state_json(status, self.spec.time.total_hours, &recent);
        self.folder.write("run_state.json", &state)?;
        self.folder.write("env_status.json", &env_status_json(status))?;
        rows.add("run_state.json", 1);
        rows.add("env_status.json", 1);
        Ok(())
    }

    fn finish_sheets(&mut self, rows: &mut Rows) -> Result<(), ExportError> {
        let Some(Sheets { actions, rounds, interviews }) = self.sheets.take() else {
            return Ok(());
        };
        let mut posts = sheet(&mut self.folder, "csv/posts.csv", &tidy::POSTS)?;
        let mut comments = sheet(&mut self.folder, "csv/comments.csv", &tidy::COMMENTS)?;
        let mut agents = sheet(&mut self.folder, "csv/agents.csv", &tidy::AGENTS)?;
        for lane in &self.lanes {
            let Some(tables) = &lane.tables else { continue };
            posts.posts(lane.platform, tables, past_posts(self.spec, lane.platform))?;
            comments.comments(lane.platform, tables)?;
            agents.agents(lane.platform, tables, self.spec)?;
        }
        for sheet in [actions, posts, comments, agents, rounds, interviews] {
            rows.add(sheet.file(), sheet.rows());
            sheet.finish()?;
        }
        Ok(())
    }
}

impl Sheets {
    fn new(folder: &mut Folder) -> Result<Sheets, ExportError> {
        Ok(Sheets {
            actions: sheet(folder, "csv/actions.csv", &tidy::ACTIONS)?,
            rounds: sheet(folder, "csv/rounds.csv", &tidy::ROUNDS)?,
            interviews: sheet(folder, "csv/interviews.csv", &tidy::INTERVIEWS)?,
        })
    }
}

/// Rows by file.
#[derive(Default)]
struct Rows(Vec<(&'static str, u64)>);

impl Rows {
    fn add(&mut self, file: &'static str, rows: u64) {
        self.0.push((file, rows));
    }

    /// All files, in the order of [`OWN_FILES`].
    fn written(mut self, folder: &Folder) -> Result<Vec<Written>, ExportError> {
        self.0.sort_by_key(|(file, _)| OWN_FILES.iter().position(|own| own == file));
        let written = |(path, rows)| Ok(Written { path, bytes: folder.size(path)?, rows });
        self.0.into_iter().map(written).collect()
    }
}

fn sheet(
    folder: &mut Folder,
    file: &'static str,
    columns: &[&str],
) -> Result<FileSheet, ExportError> {
    Sheet::new(file, folder.create(file)?, columns)
}

fn lane(
    folder: &mut Folder,
    request: &Request,
    spec: &Spec,
    platform: Platform,
) -> Result<Lane, ExportError> {
    let has = |format| request.formats.contains(&format);
    let log = match has(Format::Original) {
        true => {
            let out = folder.create(action_log(platform))?;
            Some(ActionLog::new(out, request.all_actions))
        }
        false => None,
    };
    // What CSV files tell of posts and agents is read from the tables, kept or not.
    let place = match (has(Format::Oasis), has(Format::Csv)) {
        (true, _) => Some(folder.claim(database(platform))?),
        (false, true) => Some(folder.scratch(database(platform))?),
        (false, false) => None,
    };
    let tables = match place {
        Some(place) => Some(Tables::create(Connection::open(place)?, platform, spec)?),
        None => None,
    };
    Ok(Lane::new(platform, tables, log))
}

fn action_log(platform: Platform) -> &'static str {
    match platform {
        Platform::Twitter => "twitter/actions.jsonl",
        Platform::Reddit => "reddit/actions.jsonl",
    }
}

fn database(platform: Platform) -> &'static str {
    match platform {
        Platform::Twitter => "twitter_simulation.db",
        Platform::Reddit => "reddit_simulation.db",
    }
}

/// Posts that profiles bring: they have the first ids.
fn past_posts(spec: &Spec, platform: Platform) -> u64 {
    let profiles = spec.platform(platform).map_or(&[][..], |world| &world.profiles);
    profiles.iter().map(|profile| profile.past_posts.len() as u64).sum()
}

/// Every file that a whole export can have, the manifest included, below its folder.
pub fn file_names() -> impl Iterator<Item = &'static str> {
    OWN_FILES.into_iter().chain([MANIFEST])
}

#[cfg(test)]
mod tests;
