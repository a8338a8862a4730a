//! `backup` and `restore`: all streams as files, and back.
//!
//! manifest: what a backup says of itself; [`save`] makes one; check looks for all that is wrong with one;
//! [`restore`] makes the streams again; view shows how far it is.

mod check;
mod manifest;
pub mod restore;
pub mod save;
#[cfg(test)]
mod tests;
mod view;

use bus::backup::BackupError;

use crate::failure::Failure;

/// Who can do something about it.
fn failure(error: BackupError) -> Failure {
    match error {
        BackupError::Missing(_) => Failure::Unreachable(anyhow::Error::new(error).context(
            "the streams of this prefix are not all on this bus: set NATS_URL or SHOAL_PREFIX to \
             where they are, or have `shoal provision` make them",
        )),
        BackupError::Broken { .. } => Failure::Unreachable(error.into()),
        BackupError::Refused { ref reason, .. } if reason.contains("Permissions Violation") => {
            Failure::Failed(anyhow::Error::new(error).context(
                "this user may not: it takes the key of the provisioner (NATS_NKEY), with the rights \
                 that `shoal keys` of this version writes",
            ))
        }
        BackupError::NoRoom { .. } => Failure::Failed(anyhow::Error::new(error).context(
            "the server has too little room: raise max_file_store in its configuration, or take a \
             larger disk, and run this again: what was restored stays",
        )),
        BackupError::Refused { .. } | BackupError::Restless { .. } => {
            Failure::Failed(error.into())
        }
    }
}
