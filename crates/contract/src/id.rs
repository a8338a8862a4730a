//! Names that cannot be malformed.
//!
//! Each is one subject token: lower-case letters, digits, `_` and `-`, so none can hold a
//! `.`, `*`, `>`, a blank or a path. Parsing is the only way to make one.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Why a text is no id. Reads after "failed to …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} {found:?} is not valid: expected {expected}")]
pub struct InvalidId {
    what: &'static str,
    found: String,
    expected: &'static str,
}

impl InvalidId {
    fn new(what: &'static str, found: &str, expected: &'static str) -> Self {
        // A hostile name may be long; an error that quotes all of it is an attack on logs.
        InvalidId { what, found: found.chars().take(80).collect(), expected }
    }

    /// The rule that the text broke.
    pub fn expected(&self) -> &'static str {
        self.expected
    }
}

/// The name of a simulation: a spec, of which there may be many runs.
///
/// `[a-z0-9][a-z0-9_-]{0,47}`, not ending in `-<digits>` (that is how a run is named).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SimulationId(String);

/// The name of one execution of a simulation: `<simulation>-<n>`, n = 1, 2, 3, ...
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

/// Who asks: the token under which a client's commands are stored and its replies arrive.
///
/// `[a-z0-9][a-z0-9_-]{0,31}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId(String);

/// The name of one command, chosen by the client: `[A-Za-z0-9_-]{1,64}`. It is unique per client
/// and run: the same one again from the same client to the same run is the same command.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CommandId(String);

/// SHA-256, 64 lower-case hexadecimal digits on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest([u8; 32]);

const SIMULATION_RULE: &str =
    "1 to 48 of a-z, 0-9, _ and -, beginning with a letter or digit, not ending in -<digits>";
const RUN_RULE: &str = "<simulation>-<n> with n = 1, 2, 3, ...";
const COMMAND_RULE: &str = "1 to 64 of A-Z, a-z, 0-9, _ and -";
const DIGEST_RULE: &str = "64 lower-case hexadecimal digits";

/// What a short name is, in words: a client's, and an operator's for a memory.
pub const NAME_RULE: &str = "1 to 32 of a-z, 0-9, _ and -, beginning with a letter or digit";

/// True for a text that keeps to [`NAME_RULE`].
pub fn is_name(text: &str) -> bool {
    is_token(text, 32)
}

/// True for a token of at most `max` of `[a-z0-9_-]` that begins with a letter or digit.
pub(crate) fn is_token(text: &str, max: usize) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = text.as_bytes();
    (1..=max).contains(&bytes.len())
        && plain(bytes[0])
        && bytes.iter().all(|&b| plain(b) || b == b'_' || b == b'-')
}

/// Splits `<head>-<digits>`.
fn split_number(text: &str) -> Option<(&str, &str)> {
    let (head, digits) = text.rsplit_once('-')?;
    let all_digits = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    all_digits.then_some((head, digits))
}

impl SimulationId {
    /// The id of this simulation's run number `n`.
    pub fn run(&self, n: u32) -> RunId {
        RunId(format!("{}-{}", self.0, n.max(1)))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl RunId {
    /// The simulation that this is a run of.
    pub fn simulation(&self) -> SimulationId {
        let (head, _) = split_number(&self.0).expect("checked when the id was made");
        SimulationId(head.to_owned())
    }

    /// The number of this run among its simulation's, from 1.
    pub fn number(&self) -> u32 {
        let (_, digits) = split_number(&self.0).expect("checked when the id was made");
        digits.parse().expect("checked when the id was made")
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ClientId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl CommandId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Digest {
    /// What stands where there is nothing before: 32 zero bytes.
    pub const ZERO: Digest = Digest([0; 32]);

    /// The SHA-256 of `parts`, one after the other.
    pub fn of(parts: &[&[u8]]) -> Digest {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(part);
        }
        Digest(hasher.finalize().into())
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for SimulationId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if is_token(text, 48) && split_number(text).is_none() {
            Ok(SimulationId(text.to_owned()))
        } else {
            Err(InvalidId::new("simulation id", text, SIMULATION_RULE))
        }
    }
}

impl FromStr for RunId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = || InvalidId::new("run id", text, RUN_RULE);
        let (head, digits) = split_number(text).ok_or_else(invalid)?;
        let simulation: SimulationId = head.parse().map_err(|_| invalid())?;
        let n: u32 = digits.parse().map_err(|_| invalid())?;
        if n == 0 || digits.starts_with('0') {
            return Err(invalid());
        }
        Ok(simulation.run(n))
    }
}

impl FromStr for ClientId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if is_name(text) {
            Ok(ClientId(text.to_owned()))
        } else {
            Err(InvalidId::new("client id", text, NAME_RULE))
        }
    }
}

impl FromStr for CommandId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if (1..=64).contains(&text.len()) && text.bytes().all(plain) {
            Ok(CommandId(text.to_owned()))
        } else {
            Err(InvalidId::new("command id", text, COMMAND_RULE))
        }
    }
}

impl FromStr for Digest {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = || InvalidId::new("digest", text, DIGEST_RULE);
        let nibble = |b: u8| match b {
            b'0'..=b'9' => Some(b - b'0'),
            b'a'..=b'f' => Some(b - b'a' + 10),
            _ => None,
        };
        let mut bytes = [0; 32];
        if text.len() != 64 {
            return Err(invalid());
        }
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let (high, low) = nibble(pair[0]).zip(nibble(pair[1])).ok_or_else(invalid)?;
            *byte = high << 4 | low;
        }
        Ok(Digest(bytes))
    }
}

impl fmt::Display for SimulationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for CommandId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl TryFrom<String> for SimulationId {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl TryFrom<String> for RunId {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl TryFrom<String> for ClientId {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl TryFrom<String> for CommandId {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl TryFrom<String> for Digest {
    type Error = InvalidId;
    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<SimulationId> for String {
    fn from(id: SimulationId) -> String {
        id.0
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> String {
        id.0
    }
}

impl From<ClientId> for String {
    fn from(id: ClientId) -> String {
        id.0
    }
}

impl From<CommandId> for String {
    fn from(id: CommandId) -> String {
        id.0
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> String {
        digest.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simulation_id_is_one_safe_token() {
        for good in ["a", "sim_5a1f0c9be772", "night-market", "x-1a", "7", &"a".repeat(48)] {
            assert_eq!(good.parse::<SimulationId>().unwrap().as_str(), good);
        }
        let long = "a".repeat(49);
        for bad in ["", "../x", "a.b", "*", ">", "A", "_a", "-a", "a b", "a-1", "a/b", "é", &long]
        {
            assert!(bad.parse::<SimulationId>().is_err(), "{bad:?} passed");
        }
    }

    #[test]
    fn a_run_id_is_its_simulation_and_a_number() {
        let run: RunId = "night-market-12".parse().unwrap();
        assert_eq!((run.simulation().as_str(), run.number()), ("night-market", 12));
        for bad in ["a", "a-0", "a-01", "a-", "-1", "a-1-2", "a-99999999999", "../x-1", "a.b-1"] {
            assert!(bad.parse::<RunId>().is_err(), "{bad:?} passed");
        }
    }

    #[test]
    fn an_error_names_what_was_found_and_expected() {
        let error = "../x".parse::<SimulationId>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "simulation id \"../x\" is not valid: expected 1 to 48 of a-z, 0-9, _ and -, \
             beginning with a letter or digit, not ending in -<digits>"
        );
    }

    #[test]
    fn a_digest_survives_text() {
        let digest = Digest::of(&[b"ab", b"c"]);
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest.to_string(), text);
        assert_eq!(text.parse::<Digest>().unwrap(), digest);
        assert!(text.to_uppercase().parse::<Digest>().is_err());
    }
}
