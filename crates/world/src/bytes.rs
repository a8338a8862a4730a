//! Numbers, texts and columns as little-endian bytes, and a digest of bytes.

use alloc::vec::Vec;

use crate::random::mix;

/// Appends values; lengths are `u64`, so that no column can be cut.
#[derive(Default)]
pub(crate) struct Writer(pub(crate) Vec<u8>);

impl Writer {
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.bytes(&value.to_le_bytes());
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.bytes(&value.to_le_bytes());
    }

    /// Values of a known number.
    pub(crate) fn row<const N: usize>(&mut self, row: [u32; N]) {
        row.into_iter().for_each(|value| self.u32(value));
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.column_u8(text.as_bytes());
    }

    pub(crate) fn column_u8(&mut self, column: &[u8]) {
        self.u64(column.len() as u64);
        self.bytes(column);
    }

    pub(crate) fn column_u32(&mut self, column: &[u32]) {
        self.u64(column.len() as u64);
        self.0.reserve(size_of_val(column));
        for value in column {
            self.bytes(&value.to_le_bytes());
        }
    }

    pub(crate) fn column_u64(&mut self, column: &[u64]) {
        self.u64(column.len() as u64);
        self.0.reserve(size_of_val(column));
        for value in column {
            self.bytes(&value.to_le_bytes());
        }
    }
}

/// Takes values off the front, in the order in which they were written; `None` where the bytes
/// end or mean nothing. Never allocates more than the bytes that are there.
pub(crate) struct Reader<'bytes>(pub(crate) &'bytes [u8]);

impl<'bytes> Reader<'bytes> {
    pub(crate) fn bytes(&mut self, count: usize) -> Option<&'bytes [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn row<const N: usize>(&mut self) -> Option<[u32; N]> {
        let mut row = [0; N];
        for value in &mut row {
            *value = self.u32()?;
        }
        Some(row)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn length(&mut self) -> Option<usize> {
        self.u64()?.try_into().ok()
    }

    pub(crate) fn text(&mut self) -> Option<&'bytes str> {
        core::str::from_utf8(self.column_u8()?).ok()
    }

    pub(crate) fn column_u8(&mut self) -> Option<&'bytes [u8]> {
        let length = self.length()?;
        self.bytes(length)
    }

    pub(crate) fn column_u32(&mut self) -> Option<Vec<u32>> {
        let bytes = self.length()?.checked_mul(4)?;
        Some(self.bytes(bytes)?.as_chunks().0.iter().copied().map(u32::from_le_bytes).collect())
    }

    pub(crate) fn column_u64(&mut self) -> Option<Vec<u64>> {
        let bytes = self.length()?.checked_mul(8)?;
        Some(self.bytes(bytes)?.as_chunks().0.iter().copied().map(u64::from_le_bytes).collect())
    }
}

/// A digest against accidents, not against malice: bytes that differ in one place only never
/// have the same digest.
pub(crate) fn digest(bytes: &[u8]) -> [u8; 16] {
    let mut lanes = [bytes.len() as u64, 0];
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        let word = u64::from_le_bytes(word);
        // Each lane is a bijection of its last value for every word, and of the word for every
        // last value: one changed word can never be undone by equal words after it.
        lanes[0] = mix(lanes[0], word);
        lanes[1] = (lanes[1] ^ word).rotate_left(23).wrapping_mul(0x9fb2_1c65_1e98_df25);
    }
    let [first, second] = [mix(lanes[0], lanes[1]), mix(lanes[1], lanes[0])];
    let mut digest = [0; 16];
    digest[..8].copy_from_slice(&first.to_le_bytes());
    digest[8..].copy_from_slice(&second.to_le_bytes());
    digest
}
