//! The `v` that every message carries.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Version 1 of the contract, the only one: it reads and writes the number `1`.
///
/// A breaking change is a new `v` and a new subject prefix, so a reader that meets another
/// number is not the one that the message was written for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct V1;

impl Serialize for V1 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(1)
    }
}

impl<'de> Deserialize<'de> for V1 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            1 => Ok(V1),
            other => Err(serde::de::Error::custom(format!("v is {other}, this reader knows 1"))),
        }
    }
}
