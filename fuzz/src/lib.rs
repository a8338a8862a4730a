//! What the fuzz targets share: how a value that was accepted has to behave, a small simulation
//! folder that is sound, and a small world.
//!
//! Each target feeds one parser. That nothing panics is the least; what a parser accepts also
//! has to make sense afterwards: it is written and read again without a loss, keeps its digest,
//! passes its own check.

pub mod folder;
pub mod town;

use std::fmt::Debug;

use contract::problem::Problems;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The longest text of what is wrong: an answer with it has to fit into a message of 1 MiB.
const MAX_REFUSAL_BYTES: usize = 1 << 20;

/// Reads `bytes`; what is accepted has to survive being written and read again.
pub fn survives<T, E>(bytes: &[u8], parse: fn(&[u8]) -> Result<T, E>) -> Option<T>
where
    T: Serialize + PartialEq + Debug,
    E: Debug,
{
    let value = parse(bytes).ok()?;
    let written = serde_json::to_vec(&value).expect("it was read from JSON");
    let reread = parse(&written).expect("what we write, we read");
    assert_eq!(reread, value, "writing loses something");
    Some(value)
}

/// [`survives`] for what is read by a derive.
pub fn survives_serde<T>(bytes: &[u8]) -> Option<T>
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    survives(bytes, |bytes| serde_json::from_slice::<T>(bytes))
}

/// What a refusal has to say, if it is one: at least one problem, each with what was found and
/// expected, and altogether no more than fits into a message.
pub fn refusal_makes_sense<T>(result: &Result<T, Problems>) {
    let Err(problems) = result else { return };
    assert!(!problems.as_slice().is_empty(), "refused without a problem");
    for problem in problems.as_slice() {
        assert!(!problem.found.is_empty() && !problem.expected.is_empty(), "{problem:?}");
    }
    assert!(problems.to_string().len() <= MAX_REFUSAL_BYTES, "a refusal that no message holds");
}
