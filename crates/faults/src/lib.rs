//! Named places where a test build can be told to die, and safeguards that it can be told to do
//! without. In any other build nothing of this is compiled: [`point`] does nothing, and every
//! safeguard is on.
//!
//! A test build (feature `armed`) reads its environment:
//!
//! - `SHOAL_FAULTS`: `<point>:<action>[:<nth>]`, several separated by commas. The `nth` time (from
//!   1, the default) that the process passes the point, it is done: `kill` (as `kill -9`), `stop`
//!   (frozen until SIGCONT), `panic`, `hang` (this thread never goes on), `fire` (what [`fires`]
//!   is asked for; at a [`point`] nothing but the file below).
//! - `SHOAL_FAULTS_DIR`: a folder. Each fault happens once among all processes that share it; a
//!   file named after the point says that it did, and holds the process's id.
//! - `SHOAL_RULES`: a number. The program says that these are its rules, and plays others indeed: two
//!   processes of one build stand for two builds.
//! - `SHOAL_WITHOUT`: safeguards to do without, by name, separated by commas.
//!
//! A process whose environment names what there is not panics: a test that disturbs nothing proves
//! nothing. Children have their parent's environment, and so its faults: those of a node are its
//! workers', too. Each process counts for itself.

#[cfg(feature = "armed")]
mod armed;
mod points;

pub use points::{MISDEEDS, POINTS};

/// What keeps a run from harm. A test switches one off to see that harm is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safeguard {
    /// `fence`: an owner whose run was claimed by another writes nothing more.
    Fence,
    /// `present-frames`: a frame that is stored already is not stored again.
    PresentFrames,
    /// `digest-check`: a frame made again must equal the one that is stored.
    DigestCheck,
    /// `ledger`: what a memory has got is not given to it again.
    Ledger,
    /// `status-sequence`: env-status is written over the state that its writer knows alone.
    StatusSequence,
}

impl Safeguard {
    /// All of them.
    pub const ALL: [Safeguard; 5] = [
        Safeguard::Fence,
        Safeguard::PresentFrames,
        Safeguard::DigestCheck,
        Safeguard::Ledger,
        Safeguard::StatusSequence,
    ];

    /// Its name in `SHOAL_WITHOUT`.
    pub fn name(self) -> &'static str {
        match self {
            Safeguard::Fence => "fence",
            Safeguard::PresentFrames => "present-frames",
            Safeguard::DigestCheck => "digest-check",
            Safeguard::Ledger => "ledger",
            Safeguard::StatusSequence => "status-sequence",
        }
    }
}

/// True in a build that can be told to misbehave.
pub const ARMED: bool = cfg!(feature = "armed");

/// What a service says in its log when it starts: which faults a test build was told of. Nothing
/// in another build.
///
/// # Panics
/// If the environment of a test build names what there is not.
pub fn warning() -> Option<String> {
    #[cfg(feature = "armed")]
    return Some(armed::warning());
    #[cfg(not(feature = "armed"))]
    None
}

/// A place where a test build may be told to die; one of [`POINTS`].
#[inline]
pub fn point(name: &str) {
    #[cfg(feature = "armed")]
    armed::pass(name);
    #[cfg(not(feature = "armed"))]
    let _ = name;
}

/// Whether a test waits for this point, passed already or not; never in another build. For what
/// costs something to bring about, e.g. that a message is on the wire.
#[inline]
pub fn is_planned(name: &str) -> bool {
    #[cfg(feature = "armed")]
    return armed::is_planned(name);
    #[cfg(not(feature = "armed"))]
    {
        let _ = name;
        false
    }
}

/// Whether a test build was told to do something wrong here, once; never in another build. One
/// of [`MISDEEDS`].
#[inline]
pub fn fires(name: &str) -> bool {
    #[cfg(feature = "armed")]
    return armed::fires(name);
    #[cfg(not(feature = "armed"))]
    {
        let _ = name;
        false
    }
}

/// The rules that a test build was told to have instead of its own; never in another build. Whoever
/// asks sees to it that they are others indeed.
#[inline]
pub fn other_rules() -> Option<u32> {
    #[cfg(feature = "armed")]
    return armed::other_rules();
    #[cfg(not(feature = "armed"))]
    None
}

/// Whether a test build was told to do without a safeguard; never in another build.
#[inline]
pub fn is_off(safeguard: Safeguard) -> bool {
    #[cfg(feature = "armed")]
    return armed::is_off(safeguard);
    #[cfg(not(feature = "armed"))]
    {
        let _ = safeguard;
        false
    }
}
