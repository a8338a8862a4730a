//! Every point there is, and every misdeed.

/// Each name, and what is true where it is passed. Where it says nothing else, any run passes it.
pub const POINTS: [(&str, &str); 41] = [
    // The launcher.
    ("launch.parsed", "a request to start a run is read, over HTTP or the bus"),
    ("launch.valid", "it makes sense and is a new run, of which nothing is stored"),
    ("launch.created", "the run's first env-status is stored, its start command is not"),
    ("launch.published", "the start command is stored, the request is not answered"),
    ("launch.seen", "a queued run is seen in the stream of states, also after a restart"),
    // The node.
    ("run.leased", "a run's lease is taken, its worker is not started"),
    ("run.ended", "a run's last worker has ended, its lease is not given back"),
    // The worker.
    ("run.claimed", "the claim is in the journal of a world"),
    ("snapshot.loaded", "a stored snapshot is restored; a run that is opened again has one"),
    ("command.fetched", "a command or question without a reply is read, not looked into"),
    ("command.answered", "a command is carried out and in env-status, its reply is not stored"),
    ("question.answered", "an interview's answer is known, its reply is not stored"),
    ("reply.stored", "the reply to a command or question is stored"),
    ("tick.journalled", "a tick is in the journal, its frame is not made"),
    ("tick.stepped", "the frame is made, not stored"),
    ("frame.stored", "the frame is stored, nobody is told"),
    ("status.storing", "a state is to be written to env-status, once more for each try"),
    ("status.stored", "it is written"),
    ("snapshot.half", "a snapshot is made, not stored; the last tick of a run makes one"),
    ("snapshot.stored", "it is stored"),
    ("leaving", "the worker was asked to end and has not let go"),
    // A job.
    ("fork.copying", "records of a fork are in the journal of a world of the new run"),
    ("fork.written", "the journals of a fork are whole, its state does not say so"),
    ("repair.claimed", "a repair has claimed a world, whose frames are as they were"),
    ("repair.removed", "the frames of a world that is repaired are removed"),
    ("job.done", "what was asked of the past is done, its reply is not stored"),
    // The bus, in whichever process.
    ("lease.sent", "a lease is on the wire to be taken, renewed or given back, not acknowledged"),
    ("append.sent", "a message of one part is on the wire, not acknowledged"),
    ("batch.first", "the first part of several is with the server: over 256 KiB"),
    ("batch.half", "half of the parts are on the wire"),
    ("batch.sent", "all parts are on the wire, not acknowledged"),
    // The memory-sink.
    ("sink.fetched", "a message of the stream of frames is read, not looked into"),
    ("sink.intent", "the ledger says which batch is to be sent"),
    ("sink.sending", "a batch is about to be handed to the memory, once more for each try"),
    ("sink.sent", "a remote memory has answered, and nobody has looked at what; not for SQLite"),
    ("sink.committed", "SQLite has committed a batch with its cursor; not for a webhook"),
    ("sink.accepted", "the memory has taken a batch, the ledger does not say so"),
    ("sink.noted", "the ledger says that the batch is settled"),
    ("sink.saved", "the ledger says how far the stream is read"),
    ("sink.dead-letter", "a dead letter is about to be stored"),
    ("sink.dead-lettered", "it is stored, the ledger does not say so"),
];

/// What [`crate::fires`] is asked for: a build that was told to does it wrong, once.
pub const MISDEEDS: [(&str, &str); 1] =
    [("world.skew", "a world that has played ticks is made again with another seed")];
