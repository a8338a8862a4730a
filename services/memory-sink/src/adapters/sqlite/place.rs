//! Places to go on from, as answers name them: `next` of one answer is `cursor` of the next
//! question.

use std::fmt;
use std::str::FromStr;

/// A place among the nodes: those of this kind and scope below this number, and then later scopes
/// and kinds. Where they are looked for by name, only `below` counts, and is an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfKind {
    pub(super) kind: i64,
    pub(super) scope: i64,
    pub(super) below: i64,
}

/// A place among the edges of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InTime {
    pub(super) at: i64,
    pub(super) seq: i64,
    pub(super) edge: i64,
}

/// It is no place of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no place that an answer has named")]
pub struct NoPlace;

impl fmt::Display for OfKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.kind, self.scope, self.below)
    }
}

impl FromStr for OfKind {
    type Err = NoPlace;
    fn from_str(text: &str) -> Result<OfKind, NoPlace> {
        let [kind, scope, below] = numbers(text)?;
        Ok(OfKind { kind, scope, below })
    }
}

impl fmt::Display for InTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.at, self.seq, self.edge)
    }
}

impl FromStr for InTime {
    type Err = NoPlace;
    fn from_str(text: &str) -> Result<InTime, NoPlace> {
        let [at, seq, edge] = numbers(text)?;
        Ok(InTime { at, seq, edge })
    }
}

fn numbers(text: &str) -> Result<[i64; 3], NoPlace> {
    let mut parts = text.split('.').map(str::parse);
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(Ok(a)), Some(Ok(b)), Some(Ok(c)), None) => Ok([a, b, c]),
        _ => Err(NoPlace),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_the_way_back() {
        let kind = OfKind { kind: 3, scope: 0, below: i64::MAX };
        assert_eq!(kind.to_string().parse(), Ok(kind));
        let time = InTime { at: -5, seq: 7, edge: i64::MIN };
        assert_eq!(time.to_string().parse(), Ok(time));
        for text in ["", ".", "7", "x.Post", "1.2", "1.2.3.4", "1..3", "99999999999999999999.1.2"] {
            assert!(text.parse::<InTime>().is_err(), "{text}");
            assert!(text.parse::<OfKind>().is_err(), "{text}");
        }
    }
}
