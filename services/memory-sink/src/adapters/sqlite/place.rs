//! Places to go on from, as answers name them: `next` of one answer is `cursor` of the next
//! question.

use std::fmt;
use std::str::FromStr;

/// A place among the nodes: those of this label below this id, and then later labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfLabel {
    pub(super) label: String,
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

impl fmt::Display for OfLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.below, self.label)
    }
}

impl FromStr for OfLabel {
    type Err = NoPlace;
    fn from_str(text: &str) -> Result<OfLabel, NoPlace> {
        let (below, label) = text.split_once('.').ok_or(NoPlace)?;
        let below = below.parse().map_err(|_| NoPlace)?;
        Ok(OfLabel { label: label.to_owned(), below })
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
        let mut parts = text.split('.').map(str::parse);
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(Ok(at)), Some(Ok(seq)), Some(Ok(edge)), None) => Ok(InTime { at, seq, edge }),
            _ => Err(NoPlace),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_the_way_back() {
        let label = OfLabel { label: "a.b Post".to_owned(), below: i64::MAX };
        assert_eq!(label.to_string().parse(), Ok(label));
        let time = InTime { at: -5, seq: 7, edge: i64::MIN };
        assert_eq!(time.to_string().parse(), Ok(time));
        for text in ["", ".", "7", "x.Post", "1.2", "1.2.3.4", "1..3", "99999999999999999999.1.2"] {
            assert!(text.parse::<InTime>().is_err(), "{text}");
        }
        for text in ["", "7", "x.Post"] {
            assert!(text.parse::<OfLabel>().is_err(), "{text}");
        }
    }
}
