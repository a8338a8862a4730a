//! Which seeds an ensemble has, as they are typed. Pure.

use contract::MAX_SAFE_INTEGER;

/// The most runs of an ensemble.
pub(super) const MOST: usize = 1_000;

/// The seeds of an ensemble, ascending, each once; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeds(Vec<u64>);

impl Seeds {
    /// The seeds, ascending.
    pub fn as_slice(&self) -> &[u64] {
        &self.0
    }
}

/// `20` are the seeds 1 to 20; else a list of seeds and of ranges, as `5,7,100-110`.
///
/// # Errors
/// What was expected.
pub(super) fn parse(text: &str) -> Result<Seeds, String> {
    let seeds = match whole(text) {
        Some(count) => range(1, count)?,
        None => text.split(',').map(part).collect::<Result<Vec<_>, _>>()?.concat(),
    };
    checked(seeds)
}

/// A list of seeds that came from elsewhere.
///
/// # Errors
/// What was expected.
pub(super) fn checked(mut seeds: Vec<u64>) -> Result<Seeds, String> {
    seeds.sort_unstable();
    if let Some(twice) = seeds.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(format!("seed {} is there twice, expected each seed once", twice[0]));
    }
    match seeds.last() {
        None => Err("expected at least one seed".to_owned()),
        Some(last) if *last > MAX_SAFE_INTEGER => Err(expected()),
        Some(_) if seeds.len() > MOST => Err(too_many()),
        Some(_) => Ok(Seeds(seeds)),
    }
}

fn part(text: &str) -> Result<Vec<u64>, String> {
    let ends = match text.split_once('-') {
        Some((first, last)) => whole(first).zip(whole(last)),
        None => whole(text).map(|seed| (seed, seed)),
    };
    let (first, last) = ends.ok_or_else(expected)?;
    if first > last {
        return Err(format!("{first}-{last} runs backwards, expected {last}-{first}"));
    }
    range(first, last)
}

/// Counted before it is made: a range may be as long as it likes.
fn range(first: u64, last: u64) -> Result<Vec<u64>, String> {
    match (last + 1).saturating_sub(first) {
        0 => Err("expected at least one seed".to_owned()),
        count if count > MOST as u64 => Err(too_many()),
        _ => Ok((first..=last).collect()),
    }
}

fn whole(text: &str) -> Option<u64> {
    let text = text.trim();
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|seed| is_number && *seed <= MAX_SAFE_INTEGER)
}

fn too_many() -> String {
    format!("expected at most {MOST} seeds")
}

fn expected() -> String {
    "expected how many, e.g. 20, or a list, e.g. 5,7,100-110; a seed is at most 2^53 - 1".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_a_count_and_a_list_is_itself() {
        let seeds = |text: &str| parse(text).map(|seeds| seeds.0);
        assert_eq!(seeds("3"), Ok(vec![1, 2, 3]));
        assert_eq!(seeds("100-102, 7,5"), Ok(vec![5, 7, 100, 101, 102]));
        assert_eq!(seeds("7-7"), Ok(vec![7]));
        assert_eq!(seeds("0,9007199254740991"), Ok(vec![0, 9_007_199_254_740_991]));
        assert_eq!(seeds("1000").unwrap().len(), MOST);
    }

    #[test]
    fn what_is_no_list_of_seeds_is_refused() {
        for wrong in ["", "0", "x", "-1", "1,", "1-", "1.5", "+3", "9007199254740992,1"] {
            assert!(parse(wrong).unwrap_err().starts_with("expected "), "{wrong:?}");
        }
        assert_eq!(parse("9-3"), Err("9-3 runs backwards, expected 3-9".to_owned()));
        for many in ["1001", "1-5000000000000000", "1-999,2000-2001"] {
            assert_eq!(parse(many), Err("expected at most 1000 seeds".to_owned()), "{many:?}");
        }
        assert_eq!(parse("1-5,3").unwrap_err(), "seed 3 is there twice, expected each seed once");
    }
}
