//! `keys`: a key for each user of the bus, and the rights that the server gives them.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use bus::permissions::configuration;
use bus::{Key, Role};
use clap::{Args, ValueEnum as _};
use contract::subject::Prefix;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::Output;

pub(crate) const ABOUT: &str = "\
Make a key for every user of the bus, and the rights that the server gives them.

Writes DIR/<role>.nk for each role that has none yet: the seed of an nkey, which only that service \
or person may read (mode 0600). Writes DIR/rights.conf anew: what each role may do, by public keys, \
for the nats-server's own configuration. Keys that are there stay, so it may be run again after an \
upgrade. Nothing secret is printed.

  launcher, simulator, memory-sink   the services: NATS_NKEY=DIR/launcher.nk and so on
  janitor                            the launcher's right to delete runs: SHOAL_JANITOR_NKEY
  cli                                this command line, for operators
  provisioner                        `shoal provision`, once, before the services start; `shoal backup`
  mirror                             `shoal provision --mirrors`, once: copies for guests
  observer, interviewer              guests, in an account of their own

In the server's configuration:

  include ./rights.conf

Example:
  shoal keys secrets
  NATS_NKEY=secrets/provisioner.nk shoal provision
  NATS_NKEY=secrets/cli.nk shoal ls";

/// Arguments of `keys`.
#[derive(Clone, Debug, Args)]
pub struct KeysArgs {
    /// The folder; made if it is not there
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

/// What is said of a user.
#[derive(Serialize)]
struct User {
    role: Role,
    /// What the server knows it by.
    public_key: String,
    file: PathBuf,
    /// Whether it is new.
    made: bool,
}

/// The file of the rights.
const RIGHTS: &str = "rights.conf";

/// `shoal keys`.
///
/// # Errors
/// If a key that is there cannot be read, or something cannot be written. What was written before
/// is whole.
pub fn keys(
    args: &KeysArgs,
    prefix: &Prefix,
    json: bool,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Made {
        users: Vec<User>,
        rights: PathBuf,
    }
    let folder = args.folder.as_path();
    let failed = |path: &Path, error: &io::Error| {
        Failure::Failed(anyhow::anyhow!("{}: {error}", path.display()))
    };
    fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    let mut users = Vec::new();
    for role in Role::value_variants() {
        users.push(user(*role, folder)?);
    }
    let public: BTreeMap<Role, String> =
        users.iter().map(|user| (user.role, user.public_key.clone())).collect();
    let rights = folder.join(RIGHTS);
    replace(&rights, &configuration(prefix, &public)).map_err(|error| failed(&rights, &error))?;
    if json {
        return Ok(output.print_json(&Made { users, rights })?);
    }
    let mut text = String::new();
    for User { role, public_key, file, made } in &users {
        let what = if *made { "made" } else { "kept" };
        text += &format!("{what}  {:<12} {public_key}  {}\n", role.as_str(), file.display());
    }
    text += &format!("wrote {}: `include` it in the server's configuration", rights.display());
    Ok(output.print(&text)?)
}

/// The key of a role, made if it has none.
fn user(role: Role, folder: &Path) -> Result<User, Failure> {
    let file = folder.join(format!("{}.nk", role.as_str()));
    let failed = |reason: String| {
        Failure::Failed(anyhow::anyhow!("{}: {reason}; nothing of it was changed", file.display()))
    };
    match fs::read_to_string(&file) {
        Ok(text) => {
            let key = Key::read(&text).map_err(failed)?;
            Ok(User { role, public_key: key.public().to_owned(), file, made: false })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let key = Key::make().map_err(failed)?;
            write_new(&file, &format!("{}\n", key.seed()))
                .map_err(|error| failed(error.to_string()))?;
            Ok(User { role, public_key: key.public().to_owned(), file, made: true })
        }
        Err(error) => Err(failed(error.to_string())),
    }
}

/// A file that only its owner may read, and that was not there.
fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// The old text or the new one, never a part.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("conf.new");
    fs::write(&new, text)?;
    fs::rename(&new, path)
}
