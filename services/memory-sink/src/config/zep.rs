//! A target of kind `zep`.

use std::path::Path;

use contract::door::Object;
use reqwest::Url;

use super::policy::choose;
use super::read_secret;
use crate::adapters::zep::{Dialect, Zep};

/// The fields of its own.
pub(super) const FIELDS: [&str; 4] = ["dialect", "url", "key_file", "create"];

const AN_ADDRESS: &str =
    "an address that begins with http:// or https://, without user, query and fragment";

/// The Zep, as far as it can be read.
pub(super) fn read(object: &Object<'_>, folder: &Path) -> Option<Zep> {
    let dialects = [("v2", Dialect::V2), ("v4", Dialect::V4)];
    let dialect = match object.get("dialect") {
        Some(_) => object.text("dialect").and_then(|it| choose(object, "dialect", it, &dialects)),
        None => Some(Dialect::V2),
    };
    let url = match object.get("url") {
        Some(_) => object.text("url").and_then(|text| read_url(object, text)),
        None => dialect.and_then(|dialect| Url::parse(standard(dialect)).ok()),
    };
    object.require("key_file", "the name of a file that holds the key");
    let file = object.text("key_file");
    let key = file.and_then(|file| read_secret(object, "key_file", file, folder, "the key"));
    let key = key.and_then(|key| read_key(object, &key));
    let create = object.boolean("create").unwrap_or(true);
    Some(Zep { dialect: dialect?, url: url?, key: key?, create })
}

/// Where Zep Cloud is.
fn standard(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::V2 => "https://api.getzep.com/api/v2",
        Dialect::V4 => "https://api.getzep.com/api/v4",
    }
}

fn read_url(object: &Object<'_>, text: &str) -> Option<Url> {
    let found = match Url::parse(text) {
        Ok(url) if !matches!(url.scheme(), "http" | "https") => {
            format!("an address of scheme {:?}", url.scheme())
        }
        // They may be secrets, which belong into files.
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            "an address with a user".to_owned()
        }
        Ok(url) if url.query().is_some() || url.fragment().is_some() => {
            "an address with a query or fragment".to_owned()
        }
        Ok(url) => return Some(url),
        Err(error) => error.to_string(),
    };
    object.report("url", found, AN_ADDRESS);
    None
}

fn read_key(object: &Object<'_>, key: &str) -> Option<String> {
    let key = key.trim();
    if !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Some(key.to_owned());
    }
    let found = if key.is_empty() { "a file that holds nothing" } else { "what is no key" };
    object.report("key_file", found, "one line of letters, digits and signs");
    None
}
