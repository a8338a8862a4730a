//! The newest pieces of a run's events, made once for all who read along. Pure.

use std::collections::VecDeque;

use contract::place::Place;

use super::source::Piece;

/// Bytes that are kept. Who reads slower than that comes is cut off.
const MOST: usize = 8 << 20;

/// The newest pieces, each behind the one before.
#[derive(Debug)]
pub(super) struct Ring {
    pieces: VecDeque<Piece>,
    bytes: usize,
    latest: Place,
}

impl Ring {
    /// An empty one: what comes comes behind `place`.
    pub(super) fn new(place: Place) -> Ring {
        Ring { pieces: VecDeque::new(), bytes: 0, latest: place }
    }

    /// Where it ends.
    pub(super) fn latest(&self) -> Place {
        self.latest
    }

    /// Adds the next piece, and forgets old ones where it is too much.
    pub(super) fn push(&mut self, piece: Piece) {
        debug_assert_eq!(piece.after, self.latest);
        self.latest = piece.until;
        self.bytes += piece.bytes.len();
        self.pieces.push_back(piece);
        while self.bytes > MOST && self.pieces.len() > 1 {
            let Some(oldest) = self.pieces.pop_front() else { break };
            self.bytes -= oldest.bytes.len();
        }
    }

    /// The piece behind `place`, if it begins just there.
    pub(super) fn behind(&self, place: Place) -> Option<&Piece> {
        self.pieces.iter().find(|piece| piece.after == place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(after: u64, bytes: usize) -> Piece {
        let place = |twitter| Place { twitter, reddit: 0, status: 0 };
        let (after, until) = (place(after), place(after + 1));
        Piece { after, until, bytes: vec![b'x'; bytes].into(), is_last: false }
    }

    #[test]
    fn the_newest_pieces_are_kept_and_found_by_where_they_begin() {
        let mut ring = Ring::new(piece(0, 0).after);
        for number in 0..5 {
            ring.push(piece(number, MOST / 3));
        }
        assert_eq!(ring.latest(), piece(4, 0).until);
        let found = |number| ring.behind(piece(number, 0).after).is_some();
        assert_eq!(
            [found(0), found(1), found(2), found(3), found(4)],
            [false, false, true, true, true]
        );
        assert!(ring.behind(ring.latest()).is_none());
        ring.push(piece(5, 2 * MOST));
        assert!(ring.behind(piece(5, 0).after).is_some(), "however large");
    }
}
