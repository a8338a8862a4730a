//! Bytes of any size, as parts on one subject; the newest complete object counts.
//!
//! Parts are written as one batch, so an object is there as a whole or not at all. Readers
//! check all the same: a cache drops its oldest messages where it likes.

use bytes::Bytes;
use contract::id::Digest;
use contract::subject::StreamName;

use crate::Bus;
use crate::append::AppendError;
use crate::batch::MAX_BATCH;
use crate::reading::ReadError;
use crate::stored::Stored;

/// Bytes per part.
const PART_SIZE: usize = 256 * 1024;

/// Header: the number of this part, from 1.
const PART: &str = "Shoal-Part";
/// Header: of how many.
const PARTS: &str = "Shoal-Parts";
/// Header: the SHA-256 of the whole.
const DIGEST: &str = "Shoal-Digest";

impl Bus {
    /// Stores `bytes` as the newest object of `subject`, and returns the sequence of its last
    /// part. `expected_last` is as in [`crate::Append`]; with `Some(0)` the first one stays.
    ///
    /// # Errors
    /// See [`AppendError`]; more than 250 MiB are `Denied`.
    pub async fn put_object(
        &self,
        subject: &str,
        bytes: &[u8],
        expected_last: Option<u64>,
    ) -> Result<u64, AppendError> {
        let chunks: Vec<&[u8]> = match bytes {
            [] => vec![&[]],
            bytes => bytes.chunks(PART_SIZE).collect(),
        };
        if chunks.len() > MAX_BATCH {
            return Err(AppendError::Denied(format!(
                "{} bytes on {subject}: expected at most {}",
                bytes.len(),
                MAX_BATCH * PART_SIZE
            )));
        }
        let digest = Digest::of(&[bytes]).to_string();
        let parts = chunks.len();
        let message = |(number, chunk): (usize, &[u8])| {
            let headers = vec![
                (PART, number.to_string()),
                (PARTS, parts.to_string()),
                (DIGEST, digest.clone()),
            ];
            (Bytes::copy_from_slice(chunk), headers)
        };
        let messages = (1..).zip(chunks).map(message).collect();
        self.store_batch(subject, messages, expected_last).await
    }

    /// The newest complete object of `subject`.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn get_object(
        &self,
        stream: StreamName,
        subject: &str,
    ) -> Result<Option<Vec<u8>>, ReadError> {
        let Some(last) = self.last(stream, subject).await? else { return Ok(None) };
        // Usually the last message ends the newest object, and a batch has no gaps.
        if let Some(place) = Place::of(&last)
            && place.number == place.parts
        {
            let first = last.sequence.saturating_sub(place.parts - 1);
            let newest = self.read_all(stream, subject, first).await?;
            if let Some(object) = newest_complete(&newest) {
                return Ok(Some(object));
            }
        }
        tracing::warn!("the newest object of {subject} is incomplete, looking for an older one");
        Ok(newest_complete(&self.read_all(stream, subject, 1).await?))
    }
}

/// What the headers of a part say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    number: u64,
    parts: u64,
    digest: Digest,
}

impl Place {
    fn of(stored: &Stored) -> Option<Place> {
        let number: u64 = stored.header(PART)?.parse().ok()?;
        let parts: u64 = stored.header(PARTS)?.parse().ok()?;
        let digest = stored.header(DIGEST)?.parse().ok()?;
        (1..=parts).contains(&number).then_some(Place { number, parts, digest })
    }
}

/// The last run of consecutive parts 1 to n of one object whose digest is right.
fn newest_complete(messages: &[Stored]) -> Option<Vec<u8>> {
    (0..messages.len()).rev().find_map(|end| {
        let place = Place::of(&messages[end]).filter(|place| place.number == place.parts)?;
        let first = (end + 1).checked_sub(usize::try_from(place.parts).ok()?)?;
        let run = &messages[first..=end];
        let in_order =
            (1..).zip(run).all(|(number, part)| Place::of(part) == Some(Place { number, ..place }));
        let bodies: Vec<&[u8]> = run.iter().map(|part| part.body.as_ref()).collect();
        (in_order && Digest::of(&bodies) == place.digest).then(|| bodies.concat())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::slice::from_ref;

    use contract::timestamp::Timestamp;

    fn part(sequence: u64, number: u64, parts: u64, whole: &[u8], body: &[u8]) -> Stored {
        let headers = [
            (PART, number.to_string()),
            (PARTS, parts.to_string()),
            (DIGEST, Digest::of(&[whole]).to_string()),
        ];
        Stored {
            subject: "sim.snapshots.a-1.reddit".to_owned(),
            sequence,
            body: Bytes::copy_from_slice(body),
            at: Timestamp::from_milliseconds(0),
            pending: 0,
            headers: headers.map(|(name, value)| (name.to_owned(), value)).to_vec(),
        }
    }

    #[test]
    fn the_newest_complete_object_counts() {
        let old = [part(1, 1, 2, b"abcd", b"ab"), part(2, 2, 2, b"abcd", b"cd")];
        let new = [part(5, 1, 3, b"uvwxyz", b"uv"), part(6, 2, 3, b"uvwxyz", b"wx")];
        let end = part(7, 3, 3, b"uvwxyz", b"yz");
        let torn = part(7, 3, 3, b"uvwxyz", b"y!");
        let alone = part(9, 2, 2, b"abcd", b"cd");
        let object = |messages: &[&[Stored]]| newest_complete(&messages.concat());
        assert_eq!(object(&[&old, &new, from_ref(&end)]).unwrap(), b"uvwxyz");
        assert_eq!(object(&[&old, &new]).unwrap(), b"abcd");
        assert_eq!(object(&[&old, &new, &[torn]]).unwrap(), b"abcd");
        assert_eq!(object(&[&old, &new[1..], from_ref(&end)]).unwrap(), b"abcd");
        assert_eq!(object(&[&new, &[end, alone.clone()]]).unwrap(), b"uvwxyz");
        assert_eq!(object(&[&[alone]]), None);
        assert_eq!(object(&[]), None);
        assert_eq!(object(&[&[part(1, 1, 1, b"", b"")]]).unwrap(), b"");
    }

    #[test]
    fn headers_that_make_no_sense_are_no_part() {
        assert_eq!(Place::of(&part(1, 0, 2, b"", b"")), None);
        assert_eq!(Place::of(&part(1, 3, 2, b"", b"")), None);
        let huge = part(1, u64::MAX, u64::MAX, b"", b"");
        assert_eq!(newest_complete(&[huge]), None);
    }
}
