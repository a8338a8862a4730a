//! The tie between the types of this crate, the schemas and the examples in `schemas/`.
//!
//! - [`samples`]: one value of every message, variant and optional field;
//! - [`examples`]: the committed examples are these samples byte for byte, and what is not
//!   allowed is refused by schema and type alike;
//! - [`fields`]: schemas name the fields and words that the types have, no more, no fewer;
//! - [`actions`]: every list of the types of action has the same types;
//! - [`names`]: patterns of ids and times agree with the parsers;
//! - [`subjects`]: `asyncapi.json` has the subjects that [`contract::subject`] makes;
//! - [`released`]: the schemas of today are compatible with every released one;
//! - [`digests`]: the worked example of the digest, and the checker that reads it.
//!
//! After a change of the contract, edit samples and schemas, then let the tests write the
//! examples anew and read the difference: `SHOAL_REWRITE=1 cargo test -p contract`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod actions;
mod digests;
mod examples;
mod fields;
mod messages;
mod names;
mod released;
mod samples;
mod schemas;
mod subjects;

use std::fs;
use std::path::PathBuf;

/// A path under `schemas/`.
pub(crate) fn in_schemas(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../schemas").join(path)
}

/// Holds a committed file to what the code writes; with `SHOAL_REWRITE` set, writes it.
pub(crate) fn assert_committed(path: &str, written: &str) {
    let file = in_schemas(path);
    if std::env::var_os("SHOAL_REWRITE").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, written).unwrap();
        return;
    }
    let committed = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        committed == written,
        "schemas/{path} is not what the code writes; if the change is meant, run \
         SHOAL_REWRITE=1 cargo test -p contract and read the difference\n\
         committed: {committed}\nwritten: {written}"
    );
}
