//! How one gets a [`Bus`], and why one does not.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::ContextBuilder;
use async_nats::jetstream::account::Account;
use async_nats::{Client, ConnectErrorKind, ConnectOptions, ServerAddr};
use tokio::time::Instant;

use crate::Bus;
use crate::args::BusArgs;
use crate::events::{Events, Link};
use crate::keys::Key;
use crate::pause::Pause;
use crate::roles::Role;
use crate::wire::{ANSWER_TIMEOUT, ApiError, NoAnswer};

/// The oldest nats-server that has what Shoal needs (atomic batches), as major and minor.
pub const OLDEST_SERVER: (u64, u64) = (2, 12);

/// The least `max_payload` with which Shoal works: a post of 10 KiB may be six times as long in
/// JSON, and it is never cut.
pub const SMALLEST_PAYLOAD: usize = 64 * 1024;

/// Why there is no connection to the bus. Shows no secrets.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The URL cannot be read.
    #[error("NATS_URL is not valid: {0}; expected nats://host:port")]
    Url(String),
    /// A file that says who we are, or whom to trust, cannot be used.
    #[error("{what} {path} ({variable}) cannot be used: {reason}")]
    File {
        /// What it is to be.
        what: &'static str,
        /// The variable that names it.
        variable: &'static str,
        /// The file.
        path: PathBuf,
        /// Why. Nothing of what is in it.
        reason: String,
    },
    /// Nothing that speaks NATS answered in time.
    #[error(
        "no nats-server answers at {url} (tried for {patience_seconds} s, last: {last}); \
         start one, or set NATS_URL to one that runs"
    )]
    NoServer {
        /// Where.
        url: String,
        /// For how long it was tried.
        patience_seconds: u64,
        /// What the last try said.
        last: String,
    },
    /// The server refuses this user.
    #[error(
        "the nats-server at {url} refuses this client: {reason}; \
         check the user and password in NATS_URL, or the file in NATS_CREDS or NATS_NKEY"
    )]
    Unauthorized {
        /// Where.
        url: String,
        /// In the server's words.
        reason: String,
    },
    /// The server and this client find no encryption that both accept.
    #[error(
        "no TLS with the nats-server at {url}: {reason}; check that its certificate is valid for \
         that host and signed by somebody whom this machine trusts (NATS_CA names another one's), \
         that it is shown a certificate of ours if it wants one (NATS_CERT, NATS_KEY), and that \
         both sides want TLS (tls:// in NATS_URL) or neither does"
    )]
    Tls {
        /// Where.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// The server is too old.
    #[error(
        "the nats-server at {url} is version {found}, but Shoal needs {} or newer: \
         older ones take atomic batches apart without a word; upgrade it, or set NATS_URL to a newer one",
        shown_version(OLDEST_SERVER)
    )]
    TooOld {
        /// Where.
        url: String,
        /// Its version.
        found: String,
    },
    /// The server takes only messages that are too small.
    #[error(
        "the nats-server at {url} takes messages of at most {found} bytes, but Shoal needs {}: \
         some cannot be cut; raise max_payload in its configuration, 1MB is usual",
        SMALLEST_PAYLOAD
    )]
    SmallMessages {
        /// Where.
        url: String,
        /// The bytes that it takes.
        found: usize,
    },
    /// The server, or this account on it, has no JetStream.
    #[error(
        "the nats-server at {url} has no JetStream {scope}: start it with --jetstream, or put \
         `jetstream {{ store_dir: ... }}` into its configuration"
    )]
    NoJetStream {
        /// Where.
        url: String,
        /// `at all` or `for this account`.
        scope: &'static str,
    },
    /// JetStream is there but does not answer.
    #[error("JetStream at {url} does not answer: {reason}")]
    JetStreamSilent {
        /// Where.
        url: String,
        /// What came instead.
        reason: String,
    },
}

impl Bus {
    /// Connects, trying for `patience` while nothing listens, and checks that the server is
    /// what Shoal needs. `name` appears in the server's list of connections; the role says
    /// where answers come to, for who has an nkey. Once connected it reconnects for ever by
    /// itself.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn connect(
        args: &BusArgs,
        role: Role,
        name: &str,
        patience: Duration,
    ) -> Result<Bus, ConnectError> {
        let bus = Bus::reach(args, role, name, patience).await?;
        bus.events.set_probing(false);
        let url = shown_url(&args.nats_url);
        bus.check_version(&url)?;
        bus.check_payload(&url)?;
        bus.check_jetstream(&url, patience).await?;
        Ok(bus)
    }

    /// As [`Bus::connect`], but takes the server as it is: for those who look for what is wrong
    /// with it, and to whom a denial is no news for the log.
    ///
    /// # Errors
    /// As far as they are about the connection itself, see [`ConnectError`].
    pub async fn reach(
        args: &BusArgs,
        role: Role,
        name: &str,
        patience: Duration,
    ) -> Result<Bus, ConnectError> {
        let url = shown_url(&args.nats_url);
        let events = Arc::new(Events::new());
        events.set_probing(true);
        let client = Target::read(args, role)?.connect(&events, name, &url, patience).await?;
        let jetstream = ContextBuilder::new().timeout(ANSWER_TIMEOUT).build(client.clone());
        Ok(Bus { client, jetstream, events, prefix: args.prefix.clone() })
    }

    /// Ok if the server answers now.
    ///
    /// # Errors
    /// Why it does not, in words.
    pub async fn is_ready(&self) -> Result<(), String> {
        match self.api::<_, Account>("INFO", &serde_json::json!({})).await {
            // A denial is an answer too: this user may not ask, but the server is there.
            Ok(_) | Err(ApiError::NoAnswer(NoAnswer::Denied(_))) => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Since when this connection stands, or stands again; `None` while there is none. What
    /// expires on the server may have expired during an outage, all at once.
    pub fn connected_since(&self) -> Option<std::time::Instant> {
        self.events.connected_since()
    }

    /// Sends what is queued, ends all subscriptions and closes the connection, for all clones. If
    /// there is no connection, nobody would take it, and nothing is waited for.
    pub async fn drain(self) {
        if self.connected_since().is_none() {
            return;
        }
        if self.client.drain().await.is_err() {
            return;
        }
        // `drain` returns before it is done.
        if tokio::time::timeout(ANSWER_TIMEOUT, self.events.until(&[Link::Closed])).await.is_err() {
            tracing::warn!("nats-server did not take what was queued within {ANSWER_TIMEOUT:?}");
        }
    }

    fn check_version(&self, url: &str) -> Result<(), ConnectError> {
        let found = self.client.server_info().version;
        if parse_version(&found).is_some_and(|version| version < OLDEST_SERVER) {
            return Err(ConnectError::TooOld { url: url.to_owned(), found });
        }
        Ok(())
    }

    fn check_payload(&self, url: &str) -> Result<(), ConnectError> {
        match self.max_payload() {
            found @ ..SMALLEST_PAYLOAD => {
                Err(ConnectError::SmallMessages { url: url.to_owned(), found })
            }
            SMALLEST_PAYLOAD.. => Ok(()),
        }
    }

    async fn check_jetstream(&self, url: &str, patience: Duration) -> Result<(), ConnectError> {
        let url = url.to_owned();
        if !self.client.server_info().jetstream {
            return Err(ConnectError::NoJetStream { url, scope: "at all" });
        }
        let deadline = Instant::now() + patience;
        let mut pause = Pause::new(FIRST_PAUSE, LONGEST_PAUSE);
        loop {
            match self.api::<_, Account>("INFO", &serde_json::json!({})).await {
                // Services of an operator with narrow rights may not ask this; streams will tell.
                Ok(_) | Err(ApiError::NoAnswer(NoAnswer::Denied(_))) => return Ok(()),
                Err(ApiError::Refused(refusal)) if matches!(refusal.err_code, 10039 | 10076) => {
                    return Err(ConnectError::NoJetStream { url, scope: "for this account" });
                }
                Err(error) if Instant::now() + pause.next() >= deadline => {
                    return Err(ConnectError::JetStreamSilent { url, reason: error.to_string() });
                }
                // A cluster that has no leader yet.
                Err(_) => pause.wait().await,
            }
        }
    }
}

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// The addresses without their secrets, and the secrets.
struct Target {
    addresses: Vec<ServerAddr>,
    login: Option<Login>,
    args: BusArgs,
    inbox: Option<String>,
}

enum Login {
    UserPassword(String, String),
    Token(String),
}

impl Target {
    /// Takes the secrets out of the URL: the client would log them with the address.
    fn read(args: &BusArgs, role: Role) -> Result<Target, ConnectError> {
        let mut addresses = Vec::new();
        let mut login = None;
        for text in args.nats_url.split(',').map(str::trim).filter(|text| !text.is_empty()) {
            let invalid = |reason: &dyn fmt::Display| {
                ConnectError::Url(format!("{}: {reason}", shown_url(text)))
            };
            let address: ServerAddr = text.parse().map_err(|error| invalid(&error))?;
            login = login.or_else(|| read_login(&address));
            let mut bare = address.into_inner();
            let stripped = bare.set_username("").and_then(|()| bare.set_password(None));
            stripped.map_err(|()| invalid(&"it has no host"))?;
            addresses.push(ServerAddr::from_url(bare).map_err(|error| invalid(&error))?);
        }
        if addresses.is_empty() {
            return Err(ConnectError::Url("it is empty".to_owned()));
        }
        // Whoever has an nkey has the rights of a role, and these name its inbox.
        let of_role = args.nats_nkey.as_ref().map(|_| role.inbox());
        let inbox = args.nats_inbox_prefix.clone().or(of_role);
        Ok(Target { addresses, login, args: args.clone(), inbox })
    }

    async fn connect(
        &self,
        events: &Arc<Events>,
        name: &str,
        url: &str,
        patience: Duration,
    ) -> Result<Client, ConnectError> {
        let deadline = Instant::now() + patience;
        let mut pause = Pause::new(FIRST_PAUSE, LONGEST_PAUSE);
        loop {
            let options = self.options(events, name)?;
            let error = match options.connect(self.addresses.as_slice()).await {
                Ok(client) => return Ok(client),
                Err(error) => error,
            };
            match error.kind() {
                ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => {
                    let reason = error.kind().to_string();
                    return Err(ConnectError::Unauthorized { url: url.to_owned(), reason });
                }
                // A certificate does not become another one by trying again.
                kind if kind == ConnectErrorKind::Tls || is_about_certificates(&error) => {
                    let reason = error.to_string();
                    return Err(ConnectError::Tls { url: url.to_owned(), reason });
                }
                _ if Instant::now() + pause.next() >= deadline => {
                    return Err(ConnectError::NoServer {
                        url: url.to_owned(),
                        patience_seconds: patience.as_secs(),
                        last: error.to_string(),
                    });
                }
                _ => pause.wait().await,
            }
        }
    }

    fn options(&self, events: &Arc<Events>, name: &str) -> Result<ConnectOptions, ConnectError> {
        let events = Arc::clone(events);
        let options = ConnectOptions::new()
            .name(name)
            // A half-open connection is noticed within 15 s instead of 180.
            .ping_interval(Duration::from_secs(5))
            .request_timeout(Some(ANSWER_TIMEOUT))
            .event_callback(move |event| {
                events.take(&event);
                std::future::ready(())
            });
        let options = match &self.login {
            Some(Login::UserPassword(user, password)) => {
                options.user_and_password(user.clone(), password.clone())
            }
            Some(Login::Token(token)) => options.token(token.clone()),
            None => options,
        };
        let options = match &self.inbox {
            Some(inbox) => options.custom_inbox_prefix(inbox.clone()),
            None => options,
        };
        self.identity(self.encryption(options))
    }

    /// Who we are, by a file.
    fn identity(&self, options: ConnectOptions) -> Result<ConnectOptions, ConnectError> {
        let BusArgs { nats_creds, nats_nkey, .. } = &self.args;
        let unusable = |what, variable, path: &PathBuf, reason: String| ConnectError::File {
            what,
            variable,
            path: path.clone(),
            reason,
        };
        match (nats_nkey, nats_creds) {
            (Some(path), _) => {
                let unusable = |reason| unusable("the nkey file", "NATS_NKEY", path, reason);
                let text =
                    std::fs::read_to_string(path).map_err(|error| unusable(error.to_string()))?;
                let key = Key::read(&text).map_err(unusable)?;
                Ok(options.nkey(key.seed().to_owned()))
            }
            (None, Some(path)) => {
                std::fs::read_to_string(path).and_then(|text| options.credentials(&text)).map_err(
                    |error| unusable("the credentials file", "NATS_CREDS", path, error.to_string()),
                )
            }
            (None, None) => Ok(options),
        }
    }

    /// Whom we trust, and by what we are known.
    fn encryption(&self, options: ConnectOptions) -> ConnectOptions {
        let BusArgs { nats_ca, nats_cert, nats_key, .. } = &self.args;
        let options = match nats_ca {
            // Who names an authority wants to be protected by it.
            Some(path) => options.add_root_certificates(path.clone()).require_tls(true),
            None => options,
        };
        match (nats_cert, nats_key) {
            (Some(certificate), Some(key)) => {
                options.add_client_certificate(certificate.clone(), key.clone())
            }
            _ => options,
        }
    }
}

/// A certificate that is not believed comes as data that make no sense.
fn is_about_certificates(error: &async_nats::ConnectError) -> bool {
    let mut next: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<std::io::Error>() {
            return io.kind() == std::io::ErrorKind::InvalidData;
        }
        next = error.source();
    }
    false
}

fn read_login(address: &ServerAddr) -> Option<Login> {
    let user = decode_percent(address.username()?);
    Some(match address.password() {
        Some(password) => Login::UserPassword(user, decode_percent(password)),
        None => Login::Token(user),
    })
}

/// `%40` is `@`; what is no such triple stays.
fn decode_percent(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let digits = text.get(at + 1..at + 3).filter(|_| byte == b'%');
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(value) => {
                decoded.push(value);
                at += 3;
            }
            None => {
                decoded.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// The URL (or several, separated by commas) without user and password, fit for logs.
pub fn shown_url(url: &str) -> String {
    let shown = url.split(',').map(|one| match one.rsplit_once('@') {
        Some((head, host)) => match head.split_once("://") {
            Some((scheme, _)) => format!("{scheme}://{host}"),
            None => host.to_owned(),
        },
        None => one.to_owned(),
    });
    shown.collect::<Vec<_>>().join(",")
}

/// Major and minor of `2.15.1`, `2.12.0-RC.3`; `None` for what is no version.
pub(crate) fn parse_version(text: &str) -> Option<(u64, u64)> {
    let mut parts = text.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

fn shown_version((major, minor): (u64, u64)) -> String {
    format!("{major}.{minor}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_url_has_no_secrets() {
        for (url, shown) in [
            ("nats://127.0.0.1:4222", "nats://127.0.0.1:4222"),
            ("nats://ada:s3cret@host:1", "nats://host:1"),
            ("tls://t0ken@host", "tls://host"),
            ("ada:p@ss@host", "host"),
            ("nats://a:b@one:1,nats://c:d@two:2", "nats://one:1,nats://two:2"),
        ] {
            assert_eq!(shown_url(url), shown);
        }
    }

    #[test]
    fn a_version_is_compared_by_its_first_two_numbers() {
        assert_eq!(parse_version("2.12.0-RC.3"), Some((2, 12)));
        assert_eq!(parse_version("2.9.10"), Some((2, 9)));
        assert!(parse_version("2.9.10") < Some(OLDEST_SERVER));
        assert_eq!(parse_version("latest"), None);
    }

    #[test]
    fn percent_codes_in_a_password_are_read() {
        for (text, decoded) in
            [("p%40ss", "p@ss"), ("100%", "100%"), ("%zz", "%zz"), ("%C3%BC", "ü"), ("ü%4", "ü%4")]
        {
            assert_eq!(decode_percent(text), decoded);
        }
    }
}
