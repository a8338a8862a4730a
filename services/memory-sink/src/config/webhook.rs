//! A target of kind `http`.

use std::path::Path;

use contract::door::{Door, Object};
use reqwest::Url;
use reqwest::header::{CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue};

use super::read_secret;
use crate::adapters::http::{IDEMPOTENCY_KEY, Webhook};
use crate::adapters::template::Template;

/// The fields of its own.
pub(super) const FIELDS: [&str; 5] = ["url", "url_file", "headers", "header_files", "body"];

/// The webhook, as far as it can be read.
pub(super) fn read(door: &Door, object: &Object<'_>, folder: &Path) -> Option<Webhook> {
    let url = read_url(object, folder);
    let headers = read_headers(object, folder);
    let body = match object.get("body") {
        Some(body) => Template::read(door, &object.pointer("body"), body),
        None => Template::all_fields(),
    };
    Some(Webhook { url: url?, headers, body })
}

/// The address from `url`, or from the file that `url_file` names. What is wrong with it is
/// said without showing it.
fn read_url(object: &Object<'_>, folder: &Path) -> Option<Url> {
    let (key, text) = match (object.get("url"), object.get("url_file")) {
        (Some(_), Some(_)) => {
            object.report("url_file", "url beside it", "one of them");
            return None;
        }
        (None, Some(_)) => {
            let file = object.text("url_file")?;
            ("url_file", read_secret(object, "url_file", file, folder, "the address")?)
        }
        _ => {
            object.require("url", "the address to post to, or url_file in its place");
            ("url", object.text("url")?.to_owned())
        }
    };
    let expected = "an address that begins with http:// or https://";
    match Url::parse(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => Some(url),
        // What stands in a file may be no address, and what looks like a scheme a part of a token.
        Ok(_) if key == "url_file" => {
            object.report(key, "an address of another scheme", expected);
            None
        }
        Ok(url) => {
            object.report(key, format!("an address of scheme {:?}", url.scheme()), expected);
            None
        }
        Err(error) => {
            object.report(key, error.to_string(), expected);
            None
        }
    }
}

/// The headers from `headers` and `header_files`, none twice.
fn read_headers(object: &Object<'_>, folder: &Path) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for section in ["headers", "header_files"] {
        let Some(entries) = object.get(section) else { continue };
        let (Some(entries), Some(inner)) = (entries.as_object(), object.object(section)) else {
            // Reported by `object`, unless the value is an object after all.
            continue;
        };
        for name in entries.keys() {
            let Some(text) = inner.text(name) else { continue };
            let value = match section {
                "headers" => Some(text.to_owned()),
                _ => read_secret(&inner, name, text, folder, "the header's value"),
            };
            let Some(header) = read_header_name(&inner, name, &headers) else { continue };
            let Some(value) = value else { continue };
            match HeaderValue::from_str(&value) {
                Ok(mut value) => {
                    value.set_sensitive(true);
                    headers.insert(header, value);
                }
                Err(_) => inner.report(name, "control characters", "a header's value, one line"),
            }
        }
    }
    headers
}

fn read_header_name(inner: &Object<'_>, name: &str, taken: &HeaderMap) -> Option<HeaderName> {
    let Ok(header) = HeaderName::from_bytes(name.as_bytes()) else {
        inner.report(name, format!("the name {name:?}"), "a header's name");
        return None;
    };
    if header == HOST || header == CONTENT_LENGTH || header == IDEMPOTENCY_KEY {
        inner.report(name, "a header that the sink sets", "others");
        return None;
    }
    if taken.contains_key(&header) {
        inner.report(name, "a header that is there already", "each once");
        return None;
    }
    Some(header)
}
