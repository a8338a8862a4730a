//! Which simulations there are: the operator's folders, what was uploaded, and what has run.
//!
//! A simulation may be known from several sides. What is run when it is started is its folder, if
//! there is one; else what was uploaded last; else what its current run was made from.

mod folders;
mod records;
#[cfg(test)]
mod rendering;
pub mod upload;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use bus::Bus;
use contract::id::SimulationId;
use contract::simulation::SimulationRecord;
use contract::spec::Spec;
use contract::status::{EnvStatus, RunStatus};
use contract::timestamp::Timestamp;
use serde::Serialize;

use self::folders::{Folders, Seen};
use crate::create::now;
use crate::follow::find;
use crate::model::{Model, RunName};
use crate::refusal::Refusal;
use crate::simulations::records::Draft;
use crate::simulations::upload::Upload;
use crate::specs::{Facts, Specs, read_folder};

pub use self::records::Kept;

/// All simulations that this launcher can know of. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Simulations {
    bus: Bus,
    model: Model,
    specs: Specs,
    folders: Option<Arc<Folders>>,
}

/// Where what is run comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// A folder in this launcher's data directory.
    Folder,
    /// An upload, to whichever launcher.
    Upload,
    /// Its current run.
    Run,
}

/// A simulation, as far as it is known without its spec.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its name.
    pub id: SimulationId,
    /// Its current run, if it has one.
    pub run: Option<Arc<EnvStatus>>,
    first_run_at: Option<Timestamp>,
    folder: Option<Seen>,
    record: Option<SimulationRecord>,
}

/// A simulation, and what is told of its spec; where that cannot be read, why.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// What else is known.
    pub known: Known,
    /// The facts of what would be run, or of what a run was made from.
    pub facts: Result<Arc<Facts>, String>,
}

impl Simulations {
    /// Those of `bus`, and those whose folders are in `data_dir`.
    pub fn new(bus: Bus, model: Model, specs: Specs, data_dir: Option<PathBuf>) -> Simulations {
        let folders = data_dir.map(|dir| Arc::new(Folders::new(dir)));
        Simulations { bus, model, specs, folders }
    }

    /// What is run when a simulation is started, and what is to be said about how it was read.
    ///
    /// # Errors
    /// If there is no such simulation, or all that is wrong with its folder.
    pub async fn spec_of(&self, id: &SimulationId) -> Result<(Spec, Vec<String>), Refusal> {
        if let Some(folders) = &self.folders
            && let Some(intake) = read_folder(&folders.dir, id).await?
        {
            return Ok((intake.spec, intake.notes));
        }
        let digest = match records::last(&self.bus, id).await? {
            Some(record) => record.spec_digest,
            None => {
                let name = RunName::CurrentOf(id.clone());
                let run = find(&self.bus, &self.model, &name).await?;
                run.ok_or_else(|| self.unknown(id))?.spec_digest
            }
        };
        let spec = self.specs.load(&digest).await?;
        let lost = || Refusal::Failed(format!("spec {digest} of simulation {id} is not stored"));
        Ok((spec.ok_or_else(lost)?, Vec::new()))
    }

    /// The spec that `name` means: of a simulation what is run when it is started, of a run what
    /// it was made from.
    ///
    /// # Errors
    /// If there is no such simulation or run, or its spec cannot be read.
    pub async fn spec(&self, name: &RunName) -> Result<Spec, Refusal> {
        let run = match name {
            RunName::CurrentOf(id) => return Ok(self.spec_of(id).await?.0),
            RunName::Run(_) => find(&self.bus, &self.model, name).await?,
        };
        let run = run.ok_or_else(|| unknown_run(name))?;
        self.specs.of_run(&run).await
    }

    /// The simulation that `name` names, or whose run it names, with that run.
    ///
    /// # Errors
    /// If there is none.
    pub async fn find(&self, name: &RunName) -> Result<Simulation, Refusal> {
        let run = find(&self.bus, &self.model, name).await?;
        let id = match (name, &run) {
            (RunName::CurrentOf(id), _) => id.clone(),
            (RunName::Run(_), Some(run)) => run.simulation_id.clone(),
            (RunName::Run(_), None) => return Err(unknown_run(name)),
        };
        let known = Known {
            folder: self.folders.as_ref().and_then(|folders| folders.look(&id)),
            record: records::last(&self.bus, &id).await?,
            first_run_at: self.model.ask(|runs| {
                let mut there = runs.of(&id).into_iter();
                let first = there.find(|run| run.status != RunStatus::Deleted)?;
                Some(first.created_at)
            }),
            run,
            id,
        };
        if known.source().is_none() {
            return Err(self.unknown(&known.id));
        }
        match (name, &known.run) {
            (RunName::Run(_), Some(run)) => {
                let facts = readable(self.specs.facts(&run.spec_digest).await)?;
                Ok(Simulation { known, facts })
            }
            _ => self.tell(known).await,
        }
    }

    /// All that are known, the newest first; of those that came at the same instant by id.
    ///
    /// # Errors
    /// If the bus or the data directory cannot be read.
    pub async fn all(&self) -> Result<Vec<Known>, Refusal> {
        self.model.ready()?;
        let mut folders = match &self.folders {
            Some(folders) => folders.all().await?,
            None => BTreeMap::new(),
        };
        let mut records = records::all(&self.bus).await?;
        let runs = self.model.ask(|runs| runs.simulations());
        let mut runs: BTreeMap<SimulationId, (Timestamp, Arc<EnvStatus>)> =
            runs.into_iter().map(|(id, first, current)| (id, (first, current))).collect();
        let ids: BTreeSet<SimulationId> =
            folders.keys().chain(records.keys()).chain(runs.keys()).cloned().collect();
        let known = ids.into_iter().map(|id| {
            let (first_run_at, run) = runs.remove(&id).unzip();
            let (folder, record) = (folders.remove(&id), records.remove(&id));
            Known { id, run, first_run_at, folder, record }
        });
        let mut known: Vec<Known> = known.collect();
        known.sort_by(|a, b| b.created_at().cmp(&a.created_at()).then_with(|| a.id.cmp(&b.id)));
        Ok(known)
    }

    /// A simulation with what is told of its spec.
    ///
    /// # Errors
    /// If the bus cannot be read. What is wrong with the spec is told.
    pub async fn tell(&self, known: Known) -> Result<Simulation, Refusal> {
        let digest = match (&known.folder, &known.record, &known.run) {
            (Some(seen), ..) => {
                let folders = self.folders.as_ref();
                let folders = folders.ok_or_else(|| self.unknown(&known.id))?;
                let facts = folders.facts(&known.id, seen).await?;
                return Ok(Simulation { known, facts });
            }
            (None, Some(record), _) => record.spec_digest,
            (None, None, Some(run)) => run.spec_digest,
            (None, None, None) => return Err(self.unknown(&known.id)),
        };
        let facts = readable(self.specs.facts(&digest).await)?;
        Ok(Simulation { known, facts })
    }

    /// Keeps what was uploaded, so that every launcher knows it.
    ///
    /// # Errors
    /// If there is a folder of that name, which would be run instead, or the bus does not take it.
    pub async fn keep(&self, upload: &Upload) -> Result<Kept, Refusal> {
        let spec = &upload.spec;
        let id = &spec.simulation_id;
        if self.folders.as_ref().is_some_and(|folders| folders.look(id).is_some()) {
            return Err(Refusal::WrongState(format!(
                "simulation {id} has a folder in the data directory, which is what would be run: \
                 change its files there, or upload under another simulation_id"
            )));
        }
        self.specs.ensure(spec).await?;
        let draft = Draft {
            simulation: id.clone(),
            spec_digest: spec.digest(),
            name: upload.name.clone(),
            files: upload.files.clone(),
        };
        records::put(&self.bus, &draft, now()).await
    }

    fn unknown(&self, id: &SimulationId) -> Refusal {
        let place = match &self.folders {
            Some(_) => "has no folder in the data directory",
            None => "cannot have a folder, since no --data-dir is set",
        };
        let text = format!("unknown simulation {id}: it {place}, was not uploaded and has no run");
        Refusal::Unknown(text)
    }
}

fn unknown_run(name: &RunName) -> Refusal {
    match name {
        RunName::Run(run) => Refusal::unknown_run(run),
        RunName::CurrentOf(id) => Refusal::Unknown(format!("unknown simulation {id}")),
    }
}

/// What is wrong with one spec is no reason to answer nothing.
fn readable(facts: Result<Arc<Facts>, Refusal>) -> Result<Result<Arc<Facts>, String>, Refusal> {
    match facts {
        Ok(facts) => Ok(Ok(facts)),
        Err(refusal @ (Refusal::Invalid(_) | Refusal::Failed(_))) => Ok(Err(refusal.to_string())),
        Err(refusal) => Err(refusal),
    }
}

impl Known {
    /// One that is known from its run alone, or not at all.
    #[cfg(test)]
    pub(crate) fn of_run(id: SimulationId, run: Option<Arc<EnvStatus>>) -> Known {
        let first_run_at = run.as_ref().map(|run| run.created_at);
        Known { id, run, first_run_at, folder: None, record: None }
    }

    /// Where what is run comes from; `None`: there is nothing.
    pub fn source(&self) -> Option<Source> {
        match (&self.folder, &self.record, &self.run) {
            (Some(_), ..) => Some(Source::Folder),
            (None, Some(_), _) => Some(Source::Upload),
            (None, None, Some(_)) => Some(Source::Run),
            (None, None, None) => None,
        }
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        self.record.as_ref().map_or(self.id.as_str(), |record| &record.name)
    }

    /// The names of the files that it was read from.
    pub fn files(&self) -> Vec<&str> {
        match (&self.folder, &self.record) {
            (Some(seen), _) => seen.names(),
            (None, Some(record)) => record.files.iter().map(String::as_str).collect(),
            (None, None) => Vec::new(),
        }
    }

    /// When it came to be, as far as that is known.
    pub fn created_at(&self) -> Timestamp {
        let folder = self.folder.as_ref().map(Seen::changed_at);
        let record = self.record.as_ref().map(|record| record.created_at);
        let times = [folder, record, self.first_run_at];
        times.into_iter().flatten().min().unwrap_or(Timestamp::EPOCH)
    }

    /// When what is run was changed last; of one that is known from its runs alone, when the first
    /// was made.
    pub fn changed_at(&self) -> Timestamp {
        let folder = self.folder.as_ref().map(Seen::changed_at);
        let record = self.record.as_ref().map(|record| record.updated_at);
        folder.or(record).or(self.first_run_at).unwrap_or(Timestamp::EPOCH)
    }

    /// When anything of it changed last, its current run included.
    pub fn updated_at(&self) -> Timestamp {
        let run = self.run.as_ref().map(|run| run.updated_at);
        run.map_or(self.changed_at(), |at| at.max(self.changed_at()))
    }
}
