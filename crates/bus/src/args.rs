//! Where the bus is, and as whom one comes: what every program takes.

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use contract::subject::Prefix;

use crate::connection::shown_url;

/// Where the bus is: flags and environment variables that every binary shares.
#[derive(clap::Args, Clone)]
pub struct BusArgs {
    /// The nats-server, or several separated by commas; may hold user:password@.
    // The value may hold a password, so help must not show it.
    #[arg(long, env = "NATS_URL", default_value = "nats://127.0.0.1:4222", hide_env_values = true)]
    pub nats_url: String,
    /// A credentials file (JWT and seed).
    #[arg(long, env = "NATS_CREDS", value_name = "FILE", conflicts_with = "nats_nkey")]
    pub nats_creds: Option<PathBuf>,
    /// A file with the seed of an nkey, as `shoal keys` makes it.
    #[arg(long, env = "NATS_NKEY", value_name = "FILE")]
    pub nats_nkey: Option<PathBuf>,
    /// What the subjects of answers begin with; `_INBOX`, or with an nkey `_INBOX_` and the role.
    #[arg(long, env = "NATS_INBOX_PREFIX", value_name = "SUBJECT")]
    pub nats_inbox_prefix: Option<String>,
    /// A PEM file of who signs the server's certificate, where the system does not trust them.
    #[arg(long, env = "NATS_CA", value_name = "FILE")]
    pub nats_ca: Option<PathBuf>,
    /// A PEM file with a certificate of ours, for a server that wants one; with --nats-key.
    #[arg(long, env = "NATS_CERT", value_name = "FILE", requires = "nats_key")]
    pub nats_cert: Option<PathBuf>,
    /// The key of that certificate.
    #[arg(long, env = "NATS_KEY", value_name = "FILE", requires = "nats_cert")]
    pub nats_key: Option<PathBuf>,
    /// The first token of all subjects; two prefixes are two Shoals that never meet.
    #[arg(long, env = "SHOAL_PREFIX", default_value = "sim")]
    pub prefix: Prefix,
}

impl BusArgs {
    /// The bus at a URL, with nothing else said.
    pub fn at(url: impl Into<String>) -> BusArgs {
        BusArgs {
            nats_url: url.into(),
            nats_creds: None,
            nats_nkey: None,
            nats_inbox_prefix: None,
            nats_ca: None,
            nats_cert: None,
            nats_key: None,
            prefix: Prefix::default(),
        }
    }

    /// The environment in which another program finds the same bus.
    pub fn environment(&self) -> Vec<(&'static str, OsString)> {
        let files = [
            ("NATS_CREDS", &self.nats_creds),
            ("NATS_NKEY", &self.nats_nkey),
            ("NATS_CA", &self.nats_ca),
            ("NATS_CERT", &self.nats_cert),
            ("NATS_KEY", &self.nats_key),
        ];
        let texts = [
            ("NATS_URL", Some(self.nats_url.as_str())),
            ("NATS_INBOX_PREFIX", self.nats_inbox_prefix.as_deref()),
            ("SHOAL_PREFIX", Some(self.prefix.as_str())),
        ];
        let files = files.into_iter().filter_map(|(name, path)| Some((name, path.clone()?.into())));
        let texts = texts.into_iter().filter_map(|(name, text)| Some((name, text?.into())));
        texts.chain(files).collect()
    }
}

impl fmt::Debug for BusArgs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The files' names are no secrets, and what is in them is not read yet.
        f.debug_struct("BusArgs")
            .field("nats_url", &shown_url(&self.nats_url))
            .field("nats_creds", &self.nats_creds)
            .field("nats_nkey", &self.nats_nkey)
            .field("nats_ca", &self.nats_ca)
            .field("nats_cert", &self.nats_cert)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_has_no_secrets() {
        let args = BusArgs::at("nats://ada:s3cret@host:1");
        assert!(!format!("{args:?}").contains("s3cret"));
    }

    #[test]
    fn another_program_is_told_all_that_is_said() {
        let mut args = BusArgs::at("nats://host:1");
        args.nats_nkey = Some("seed.nk".into());
        args.nats_inbox_prefix = Some("_MINE".to_owned());
        let told = args.environment();
        let expected = [
            ("NATS_URL", "nats://host:1"),
            ("NATS_INBOX_PREFIX", "_MINE"),
            ("SHOAL_PREFIX", "sim"),
            ("NATS_NKEY", "seed.nk"),
        ];
        assert_eq!(told, expected.map(|(name, value)| (name, value.into())));
    }
}
