//! A simulation out of one request's body: as a form with a part per file, or as an archive. In
//! bounded memory, and but for [`Places`] pure; what is sent is taken whole or refused whole, with all that is wrong.
//!
//! In reading order: here the kinds of bodies; [`parcel`]: the files that came, whatever they came
//! in; `archive`, `multipart`: what they come in.

mod archive;
mod multipart;
mod parcel;

use std::sync::Arc;

use axum::body::Bytes;
use contract::problem::{Problem, Problems, suggest};
use contract::simulation::MAX_NAME_BYTES;
use contract::spec::Spec;
use intake::Limits;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use self::archive::unpack;
use self::multipart::{Part, parts};
use self::parcel::Parcel;
use crate::refusal::Refusal;

/// The largest body, in bytes.
pub const MAX_SENT_BYTES: usize = 32 << 20;

/// The most bytes that come out of an archive, all entries together.
pub const MAX_UNPACKED_BYTES: u64 = 64 << 20;

/// How many times as large as what was sent what comes out may be; below 1 MiB it may be more.
pub const MAX_RATIO: u64 = 100;

/// The most entries of an archive, or parts of a form.
pub const MAX_ENTRIES: usize = 64;

/// The fields of a form beside its files, which may stand in the query as well.
pub const FIELDS: [&str; 2] = ["simulation_id", "name"];

/// Where problems with an upload as a whole are said to be.
const PLACE: &str = "upload";

/// Bodies that come in at a time: each is in memory.
const RECEIVED_AT_ONCE: usize = 4;

/// Uploads that are read at a time: each takes some times its size.
const READ_AT_ONCE: usize = 1;

/// The places that uploads take, so that together they take only so much memory.
#[derive(Clone, Debug)]
pub struct Places {
    receiving: Arc<Semaphore>,
    reading: Arc<Semaphore>,
}

/// What a body is said to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// `multipart/form-data` with this boundary.
    Parts(String),
    /// A tar archive, packed or not.
    Archive {
        /// By gzip.
        packed: bool,
    },
}

/// What is said about a simulation beside its files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Which simulation it has to be; the files decide which it is.
    pub simulation_id: Option<String>,
    /// What people call it.
    pub name: Option<String>,
}

/// A simulation that was sent and understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// What is to be simulated.
    pub spec: Spec,
    /// What somebody may want to know about how it was read.
    pub notes: Vec<String>,
    /// What people call it, if that was said.
    pub name: Option<String>,
    /// The names of the files that it was read from.
    pub files: Vec<String>,
}

impl Default for Places {
    fn default() -> Places {
        let [receiving, reading] =
            [RECEIVED_AT_ONCE, READ_AT_ONCE].map(|places| Arc::new(Semaphore::new(places)));
        Places { receiving, reading }
    }
}

impl Places {
    /// A place for a body, for as long as it is in memory.
    ///
    /// # Errors
    /// If there is none.
    pub fn take(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        Arc::clone(&self.receiving).try_acquire_owned().map_err(|_| {
            let text =
                format!("{RECEIVED_AT_ONCE} uploads are on their way already; ask again later");
            Refusal::Unavailable(text)
        })
    }

    /// [`read`], where nobody else has to wait for it.
    ///
    /// # Errors
    /// As [`read`].
    pub async fn read(&self, form: Form, body: Bytes, said: Said) -> Result<Upload, Refusal> {
        let place = Arc::clone(&self.reading).acquire_owned().await;
        let place = place.map_err(|error| Refusal::Failed(error.to_string()))?;
        // It goes on also where nobody waits for it any more, and keeps its place.
        let reading = tokio::task::spawn_blocking(move || {
            let upload = read(&form, &body, said, &Limits::default());
            drop((body, place));
            upload
        });
        Ok(reading.await.map_err(|error| Refusal::Failed(error.to_string()))??)
    }
}

impl Form {
    /// What is expected of a content type.
    pub const EXPECTED: &'static str = "multipart/form-data with a part per file, application/gzip (a .tar.gz) or \
         application/x-tar";

    /// From the header `content-type`; `None` for all others.
    pub fn of(content_type: &str) -> Option<Form> {
        let (kind, parameters) = content_type.split_once(';').unwrap_or((content_type, ""));
        match kind.trim().to_ascii_lowercase().as_str() {
            "multipart/form-data" => {
                let all = multipart::parameters(parameters)?;
                let (_, boundary) = all.into_iter().find(|(name, _)| name == "boundary")?;
                (1..=70).contains(&boundary.len()).then_some(Form::Parts(boundary))
            }
            "application/gzip" | "application/x-gzip" => Some(Form::Archive { packed: true }),
            "application/x-tar" => Some(Form::Archive { packed: false }),
            _ => None,
        }
    }
}

/// Reads a body of at most [`MAX_SENT_BYTES`]. Takes as long as parsing takes.
///
/// # Errors
/// All that is wrong with the body, or, once that can be read, with the files in it.
pub fn read(form: &Form, body: &[u8], mut said: Said, limits: &Limits) -> Result<Upload, Problems> {
    let mut parcel = Parcel::default();
    match form {
        Form::Archive { packed } => unpack(body, *packed, &mut parcel),
        Form::Parts(boundary) => take_parts(body, boundary, &mut parcel, &mut said),
    }
    check_name(&mut parcel, said.name.as_deref());
    let (files, names, mut notes) = parcel.close()?;
    let intake = intake::read_files(&files, limits)?;
    notes.extend(intake.notes);
    let spec = intake.spec;
    if let Some(wanted) = said.simulation_id.filter(|id| id != spec.simulation_id.as_str()) {
        let expected = format!("{:?}, as in the files, or nothing", spec.simulation_id.as_str());
        return Err(Problem::new("simulation_id", format!("{wanted:?}"), &expected).into());
    }
    Ok(Upload { spec, notes, name: said.name, files: names })
}

fn take_parts(body: &[u8], boundary: &str, parcel: &mut Parcel, said: &mut Said) {
    let parts = match parts(body, boundary, MAX_ENTRIES) {
        Ok(parts) => parts,
        Err(problem) => return parcel.report(problem),
    };
    let is_file = |part: &&Part<'_>| part.file_name.as_ref().is_some_and(|name| !name.is_empty());
    let files: Vec<&Part<'_>> = parts.iter().filter(is_file).collect();
    for part in parts.iter().filter(|part| part.file_name.is_none()) {
        take_field(part, parcel, said);
    }
    let packed = files.iter().find_map(|part| Some((*part, is_packed(part)?)));
    match (packed, files.len()) {
        (Some((archive, packed)), 1) => unpack(archive.bytes, packed, parcel),
        (Some((archive, _)), count) => {
            let name = archive.file_name.as_deref().unwrap_or_default();
            let found = format!("the archive {name:?} and {} beside it", count - 1);
            let expected = "one archive, or the files themselves";
            parcel.report(Problem::new(PLACE, found, expected));
        }
        (None, _) => {
            for part in files {
                let name = part.file_name.as_deref().unwrap_or_default();
                if let Some(file) = parcel.place(name.as_bytes()) {
                    parcel.put(file, part.bytes.to_vec());
                }
            }
        }
    }
}

/// Whether a part is an archive, and if so, whether it is packed by gzip.
fn is_packed(part: &Part<'_>) -> Option<bool> {
    let name = part.file_name.as_deref().unwrap_or_default().to_ascii_lowercase();
    let ends = |ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    match Form::of(&part.content_type) {
        Some(Form::Archive { packed }) => Some(packed),
        _ if ends(&[".tar.gz", ".tgz"]) => Some(true),
        _ if ends(&[".tar"]) => Some(false),
        _ => None,
    }
}

/// A part that is no file.
fn take_field(part: &Part<'_>, parcel: &mut Parcel, said: &mut Said) {
    let place = match part.name.as_str() {
        "simulation_id" => &mut said.simulation_id,
        "name" => &mut said.name,
        other => {
            let expected = match suggest(other, &FIELDS) {
                Some(meant) => format!("{meant:?} (did you mean that?)"),
                None => format!("a file, with a filename, or one of {}", FIELDS.join(", ")),
            };
            return parcel.report(Problem::new(PLACE, format!("a part {other:?}"), &expected));
        }
    };
    let text = String::from_utf8_lossy(part.bytes).into_owned();
    if place.as_ref().is_some_and(|before| *before != text) {
        let found = format!("{:?} and {text:?}", place.as_deref().unwrap_or_default());
        return parcel.report(Problem::new(part.name.as_str(), found, "it once"));
    }
    *place = Some(text);
}

fn check_name(parcel: &mut Parcel, name: Option<&str>) {
    let Some(name) = name else { return };
    let is_long = name.len() > MAX_NAME_BYTES;
    if name.trim().is_empty() || is_long || name.chars().any(char::is_control) {
        let expected =
            format!("a text of 1 to {MAX_NAME_BYTES} bytes in one line, with more than blanks");
        parcel.report(Problem::new("name", format!("{name:?}"), &expected));
    }
}

#[cfg(test)]
mod tests;
