//! Bytes of any size, as parts on one subject; the newest good object counts.
//!
//! Parts are written as one batch, so an object is there as a whole or not at all. Readers
//! check all the same: a cache drops its oldest messages where it likes, and disks err.

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

/// Bytes of the largest object: 250 MiB.
pub const MAX_OBJECT: usize = MAX_BATCH * PART_SIZE;

/// Header: the number of this part, from 1.
const PART: &str = "Shoal-Part";
/// Header: of how many.
const PARTS: &str = "Shoal-Parts";
/// Header: the SHA-256 of the whole.
const DIGEST: &str = "Shoal-Digest";
/// Header of a message that comes without its body: the body's bytes. The server's.
const SIZE: &str = "Nats-Msg-Size";

/// An object as its parts' headers tell of it, or what is left of one. Whether its bytes are
/// those that were stored shows only when they are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The stream sequence of its first message.
    pub first: u64,
    /// The stream sequence of its last message.
    pub last: u64,
    /// Bytes of its messages' bodies.
    pub bytes: u64,
    /// How many parts are there.
    pub found: u64,
    /// How many parts it was stored as; 0 for a message that is no part of anything.
    pub parts: u64,
    /// The SHA-256 that its bytes are to have, where its parts say so.
    pub digest: Option<Digest>,
}

/// Why an object is not to be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectError {
    /// It is not what was stored; in words that follow "it".
    #[error("it {0}")]
    Damaged(String),
    /// It could not be read; later may be better.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Bus {
    /// Stores `bytes` as the newest object of `subject`, and returns the sequence of its last
    /// part. `expected_last` is as in [`crate::Append`]; with `Some(0)` the first one stays.
    ///
    /// # Errors
    /// See [`AppendError`]; more than [`MAX_OBJECT`] bytes are `Denied`.
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
                "{} bytes on {subject}: expected at most {MAX_OBJECT}",
                bytes.len()
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

    /// The newest good object of `subject`; what is skipped is said in the log.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn get_object(
        &self,
        stream: StreamName,
        subject: &str,
    ) -> Result<Option<Vec<u8>>, ReadError> {
        for object in self.objects(stream, subject).await?.iter().rev() {
            match self.read_object(stream, subject, object).await {
                Ok(bytes) => return Ok(Some(bytes)),
                Err(ObjectError::Read(error)) => return Err(error),
                Err(why @ ObjectError::Damaged(_)) => {
                    tracing::warn!("skipped the object of {subject} at {}: {why}", object.last);
                }
            }
        }
        Ok(None)
    }

    /// All objects of `subject`, the oldest first, and what is left of others. No body is read.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn objects(
        &self,
        stream: StreamName,
        subject: &str,
    ) -> Result<Vec<Object>, ReadError> {
        Ok(group(&self.read_headers(stream, subject).await?))
    }

    /// The bytes of one of [`Bus::objects`].
    ///
    /// # Errors
    /// See [`ObjectError`]; one that was purged meanwhile is damaged too.
    pub async fn read_object(
        &self,
        stream: StreamName,
        subject: &str,
        object: &Object,
    ) -> Result<Vec<u8>, ObjectError> {
        if !object.is_complete() {
            return Err(object.incomplete());
        }
        let messages = self.read_some(stream, subject, object.first, object.parts).await?;
        object.bytes_of(&messages)
    }
}

impl Object {
    /// True where all of its parts are there.
    pub fn is_complete(&self) -> bool {
        // Their numbers ascend, each once.
        self.parts > 0 && self.found == self.parts
    }

    fn incomplete(&self) -> ObjectError {
        ObjectError::Damaged(match self.parts {
            0 => "has headers of no object".to_owned(),
            parts => format!("has {} of {parts} parts", self.found),
        })
    }

    /// The object's bytes out of its messages, if they are what was stored.
    fn bytes_of(&self, messages: &[Stored]) -> Result<Vec<u8>, ObjectError> {
        if group(messages) != [self.clone()] {
            let what = "was there when its parts were listed, and is not any more";
            return Err(ObjectError::Damaged(what.to_owned()));
        }
        let parts: Vec<&[u8]> = messages.iter().map(|part| part.body.as_ref()).collect();
        match Some(Digest::of(&parts)) == self.digest {
            true => Ok(parts.concat()),
            false => Err(ObjectError::Damaged("has other bytes than were stored".to_owned())),
        }
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

    /// True for a later part of the same object.
    fn follows(&self, before: &Place) -> bool {
        let same = (self.parts, self.digest) == (before.parts, before.digest);
        same && self.number > before.number
    }
}

/// The messages of one subject as objects, in order.
fn group(messages: &[Stored]) -> Vec<Object> {
    let (mut objects, mut before): (Vec<Object>, Option<Place>) = (Vec::new(), None);
    for message in messages {
        let place = Place::of(message);
        let follows = place.zip(before).is_some_and(|(place, before)| place.follows(&before));
        let bytes = size_of(message);
        match objects.last_mut().filter(|_| follows) {
            Some(object) => {
                (object.last, object.found) = (message.sequence, object.found + 1);
                object.bytes += bytes;
            }
            None => objects.push(Object {
                first: message.sequence,
                last: message.sequence,
                bytes,
                found: 1,
                parts: place.map_or(0, |place| place.parts),
                digest: place.map(|place| place.digest),
            }),
        }
        before = place;
    }
    objects
}

/// Bytes of a body, which may have stayed with the server.
fn size_of(message: &Stored) -> u64 {
    let told = message.header(SIZE).and_then(|size| size.parse().ok());
    told.unwrap_or(message.body.len() as u64)
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

    /// Of an object: where it begins and ends, how many parts of how many, and its bytes.
    type Row = (u64, u64, u64, u64, Option<Vec<u8>>);

    fn seen(messages: &[&[Stored]]) -> Vec<Row> {
        let messages = messages.concat();
        let row = |object: &Object| {
            let own = |stored: &&Stored| (object.first..=object.last).contains(&stored.sequence);
            let own: Vec<Stored> = messages.iter().filter(own).cloned().collect();
            let bytes = object.is_complete().then(|| object.bytes_of(&own).ok()).flatten();
            (object.first, object.last, object.found, object.parts, bytes)
        };
        group(&messages).iter().map(row).collect()
    }

    #[test]
    fn parts_are_objects_or_what_is_left_of_them() {
        let old = [part(1, 1, 2, b"abcd", b"ab"), part(2, 2, 2, b"abcd", b"cd")];
        let new = [part(5, 1, 3, b"uvwxyz", b"uv"), part(6, 2, 3, b"uvwxyz", b"wx")];
        let end = part(7, 3, 3, b"uvwxyz", b"yz");
        let torn = part(7, 3, 3, b"uvwxyz", b"y!");
        let again = [part(9, 1, 2, b"abcd", b"ab"), part(10, 2, 2, b"abcd", b"cd")];
        let nothing = Stored { headers: Vec::new(), ..part(8, 1, 1, b"", b"x") };
        let (ab, uz) = (Some(b"abcd".to_vec()), Some(b"uvwxyz".to_vec()));
        let whole = (1, 2, 2, 2, ab.clone());
        assert_eq!(seen(&[&old, &new, from_ref(&end)]), [whole.clone(), (5, 7, 3, 3, uz)]);
        assert_eq!(seen(&[&old, &new]), [whole.clone(), (5, 6, 2, 3, None)]);
        assert_eq!(seen(&[&old, &new, from_ref(&torn)]), [whole.clone(), (5, 7, 3, 3, None)]);
        let without_first = [&old, &new[1..], from_ref(&end)];
        assert_eq!(seen(&without_first), [whole.clone(), (6, 7, 2, 3, None)]);
        let without_middle = [&old, &new[..1], from_ref(&end)];
        assert_eq!(seen(&without_middle), [whole.clone(), (5, 7, 2, 3, None)]);
        assert_eq!(seen(&[&old, &again]), [whole.clone(), (9, 10, 2, 2, ab)]);
        assert_eq!(seen(&[&old, from_ref(&nothing)]), [whole, (8, 8, 1, 0, None)]);
        assert_eq!(seen(&[]), []);
        assert_eq!(seen(&[&[part(1, 1, 1, b"", b"")]]), [(1, 1, 1, 1, Some(Vec::new()))]);
    }

    #[test]
    fn an_object_that_is_not_what_was_listed_is_damaged() {
        let parts = [part(1, 1, 2, b"abcd", b"ab"), part(2, 2, 2, b"abcd", b"cd")];
        let object = &group(&parts)[0];
        assert_eq!(object.bytes_of(&parts), Ok(b"abcd".to_vec()));
        let say = |messages: &[Stored]| object.bytes_of(messages).unwrap_err().to_string();
        assert!(say(&parts[1..]).contains("is not any more"));
        assert!(say(&[]).contains("is not any more"));
        let other = [parts[0].clone(), part(2, 2, 2, b"abcd", b"c!")];
        assert_eq!(say(&other), "it has other bytes than were stored");
        assert_eq!(group(&parts[1..])[0].incomplete().to_string(), "it has 1 of 2 parts");
    }

    #[test]
    fn headers_that_make_no_sense_are_no_part() {
        assert_eq!(Place::of(&part(1, 0, 2, b"", b"")), None);
        assert_eq!(Place::of(&part(1, 3, 2, b"", b"")), None);
        let huge = part(1, u64::MAX, u64::MAX, b"", b"");
        assert!(!group(&[huge])[0].is_complete());
    }
}
