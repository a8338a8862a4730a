//! The file of endpoints: all that is wrong with it at once, and never what is secret.

use std::collections::BTreeMap;
use std::path::Path;

use contract::MAX_SAFE_INTEGER;
use contract::door::{Door, Object, decimal, describe, millionths};
use contract::id::{NAME_RULE, is_name};
use contract::llm::BUILTIN;
use contract::problem::{Problem, Problems};
use reqwest::Url;
use reqwest::header::HeaderValue;
use serde_json::Value;

use super::{CONCURRENCY, Endpoint, Endpoints, Price, Secrets};

const FIELDS: [&str; 12] = [
    "url",
    "url_file",
    "key_file",
    "models",
    "concurrency",
    "requests_per_minute",
    "tokens_per_minute",
    "max_tokens",
    "temperature",
    "tools",
    "price",
    "extra",
];

/// Fields of a request that are ours to set.
const OURS: [&str; 8] =
    ["model", "messages", "tools", "stream", "n", "max_tokens", "temperature", "stream_options"];

/// Fields of a request that make no sense without tools.
const OF_TOOLS: [&str; 2] = ["tool_choice", "parallel_tool_calls"];

/// The most models of an endpoint, and the most bytes of a model's name.
const MAX_MODELS: usize = 64;
const MAX_MODEL_BYTES: usize = 128;
/// The most bytes of all further fields.
const MAX_EXTRA_BYTES: usize = 16 * 1024;
/// The highest price of a million tokens, in millionths.
const MAX_PRICE: i64 = 1_000_000 * 1_000_000;

/// The endpoints that `file` defines; without one there are none. The files that it names (those
/// of secrets) are looked for beside it.
///
/// # Errors
/// All that is wrong with it, the files that it names included.
pub fn read(file: Option<&Path>) -> Result<Endpoints, Problems> {
    let Some(path) = file else { return Ok(Endpoints::default()) };
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| {
        Problem::new(&name, error.to_string(), "a readable file (SHOAL_LLM_ENDPOINTS)")
    })?;
    let value: Value = serde_json::from_str(&text)
        .map_err(|error| Problem::new(&name, error.to_string(), "a JSON object"))?;
    let door = Door::new(name);
    let folder = path.parent().unwrap_or(Path::new("."));
    let endpoints = door.root(&value).and_then(|root| read_all(&door, &root, folder));
    door.close(endpoints)
}

fn read_all(door: &Door, root: &Object<'_>, folder: &Path) -> Option<Endpoints> {
    root.refuse_unknown(&["endpoints"]);
    let expected = "an object of endpoints by name";
    let entries = root.require("endpoints", expected)?;
    let Value::Object(entries) = entries else {
        root.report("endpoints", describe(entries), expected);
        return None;
    };
    let mut endpoints = BTreeMap::new();
    for (name, value) in entries {
        let pointer = format!("/endpoints/{}", name.replace('~', "~0").replace('/', "~1"));
        if !is_name(name) {
            door.report(&pointer, format!("the name {name:?}"), NAME_RULE);
        } else if name == BUILTIN {
            door.report(&pointer, format!("the name {name:?}"), "another: it stands for no model");
        }
        let object = door.object(value, pointer);
        if let Some(endpoint) = object.and_then(|object| read_one(&object, folder)) {
            endpoints.insert(name.clone(), endpoint);
        }
    }
    Some(Endpoints::new(endpoints))
}

fn read_one(object: &Object<'_>, folder: &Path) -> Option<Endpoint> {
    object.refuse_unknown(&FIELDS);
    let url = read_url(object, folder);
    let key = read_key(object, folder);
    let models = read_models(object);
    let concurrency = object.u32("concurrency", 1..=10_000);
    let per_minute = |key| object.integer(key, 1..=MAX_SAFE_INTEGER / 60_000);
    let (requests, tokens) = (per_minute("requests_per_minute"), per_minute("tokens_per_minute"));
    let max_tokens = object.u32("max_tokens", 1..=1_000_000);
    let temperature = object.millionths("temperature", 0..=2_000_000).map(decimal);
    let tools = object.boolean("tools");
    let price = read_price(object);
    let (extra, extra_of_tools) = read_extra(object);
    let (url, key) = (url?, key?);
    let with_user = !url.username().is_empty() || url.password().is_some();
    if with_user && key.is_some() {
        object.report("key_file", "a key beside a user in the address", "one of them");
    }
    let secrets = Secrets::of(&url, key.as_deref());
    let authorization = match key {
        Some(key) => Some(read_authorization(object, &key)?),
        None => None,
    };
    Some(Endpoint {
        url,
        authorization,
        models: models?,
        concurrency: concurrency.and_then(|it| usize::try_from(it).ok()).unwrap_or(CONCURRENCY),
        requests_per_minute: requests,
        tokens_per_minute: tokens,
        max_tokens,
        temperature,
        tools,
        price,
        extra,
        extra_of_tools,
        secrets,
    })
}

/// The address from `url`, or from the file that `url_file` names. What is wrong with it is said
/// without showing it.
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
            object.require("url", "the address of the API, or url_file in its place");
            ("url", object.text("url")?.to_owned())
        }
    };
    let expected = "an address that begins with http:// or https://";
    let mut url = match Url::parse(&text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") => url,
        // What stands in a file may be no address, and what looks like a scheme a part of a key.
        Ok(_) if key == "url_file" => {
            object.report(key, "an address of another scheme", expected);
            return None;
        }
        Ok(url) => {
            object.report(key, format!("an address of scheme {:?}", url.scheme()), expected);
            return None;
        }
        Err(error) => {
            object.report(key, error.to_string(), expected);
            return None;
        }
    };
    if url.path().trim_end_matches('/').ends_with("/chat/completions") {
        let expected = "the address before that: it is appended";
        object.report(key, "an address that ends with /chat/completions", expected);
    }
    url.set_fragment(None);
    // An address of http or https always has segments.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(["chat", "completions"]);
    }
    Some(url)
}

/// The key; `None` where it could not be read, `Some(None)` where there is none.
#[expect(clippy::option_option, reason = "absent and unreadable are different things")]
fn read_key(object: &Object<'_>, folder: &Path) -> Option<Option<String>> {
    if object.get("key_file").is_none() {
        return Some(None);
    }
    let key = read_secret(object, "key_file", object.text("key_file")?, folder, "the key")?;
    if key.is_empty() {
        object.report("key_file", "an empty file", "a key");
        return None;
    }
    Some(Some(key))
}

fn read_authorization(object: &Object<'_>, key: &str) -> Option<HeaderValue> {
    match HeaderValue::from_str(&format!("Bearer {key}")) {
        Ok(mut value) => {
            value.set_sensitive(true);
            Some(value)
        }
        Err(_) => {
            object.report("key_file", "control characters", "a key, one line");
            None
        }
    }
}

/// The content of a file that holds `what`, without the blanks that editors leave. Its name is not
/// shown: it may be what should stand in the file.
fn read_secret(
    object: &Object<'_>,
    key: &str,
    file: &str,
    folder: &Path,
    what: &str,
) -> Option<String> {
    match std::fs::read_to_string(folder.join(file)) {
        Ok(text) => Some(text.trim().to_owned()),
        Err(error) => {
            let expected = format!("the name of a file that holds {what}, beside this one");
            object.report(key, error.to_string(), &expected);
            None
        }
    }
}

fn read_models(object: &Object<'_>) -> Option<Vec<String>> {
    object.require("models", "a list of names of models, the usual one first");
    let elements = object.list("models");
    if object.get("models")?.is_array() && !(1..=MAX_MODELS).contains(&elements.len()) {
        object.report("models", format!("{} models", elements.len()), "1 to 64");
    }
    let mut models: Vec<String> = Vec::new();
    for (pointer, value) in elements {
        let expected = "a name of 1 to 128 bytes, each once";
        let is_name = |name: &&str| {
            let length = (1..=MAX_MODEL_BYTES).contains(&name.len());
            length && !name.chars().any(char::is_control) && !models.iter().any(|it| it == name)
        };
        match value.as_str().filter(is_name) {
            Some(name) => models.push(name.to_owned()),
            None => object.door().report(&pointer, describe(value), expected),
        }
    }
    Some(models)
}

fn read_price(object: &Object<'_>) -> Price {
    let Some(price) = object.get("price").and_then(|_| object.object("price")) else {
        return Price::default();
    };
    price.refuse_unknown(&["prompt", "cached", "completion"]);
    price.require("prompt", "what a million tokens cost that are sent");
    price.require("completion", "what a million tokens cost that come back");
    let [prompt, cached, completion] =
        ["prompt", "cached", "completion"].map(|key| read_decimal(&price, key));
    Price { prompt: prompt.unwrap_or(0), cached, completion: completion.unwrap_or(0) }
}

/// A decimal, as a number or a text, in millionths.
fn read_decimal(object: &Object<'_>, key: &str) -> Option<u64> {
    let value = object.get(key)?;
    let is_decimal = |text: &&str| text.bytes().all(|it| it.is_ascii_digit() || it == b'.');
    let number = match value {
        Value::String(text) => Some(text.as_str())
            .filter(is_decimal)
            .and_then(|text| serde_json::from_str::<Value>(text).ok()),
        other => Some(other.clone()),
    };
    let number = number.and_then(|number| millionths(&number));
    let price = number.filter(|it| (0..=MAX_PRICE).contains(it));
    if price.is_none() {
        object.report(key, describe(value), "a decimal from 0 to 1000000");
    }
    price.and_then(|price| u64::try_from(price).ok())
}

/// Further fields of a request, as JSON.
type Fields = Vec<(String, String)>;

/// The further fields of each request, and those that go with tools.
fn read_extra(object: &Object<'_>) -> (Fields, Fields) {
    let Some(Value::Object(fields)) = object.get("extra") else {
        // Reported if it is something else.
        let _ = object.get("extra").and_then(|_| object.object("extra"));
        return (Vec::new(), Vec::new());
    };
    let mut sent = Vec::new();
    for (name, value) in fields {
        if OURS.contains(&name.as_str()) {
            let pointer = format!("{}/{name}", object.pointer("extra"));
            object.door().report(&pointer, "a field that the simulator sets", "others");
        }
        sent.push((name.clone(), value.to_string()));
    }
    let bytes: usize = sent.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > MAX_EXTRA_BYTES {
        object.report("extra", format!("{bytes} bytes"), "at most 16384 bytes");
    }
    sent.into_iter().partition(|(name, _)| !OF_TOOLS.contains(&name.as_str()))
}
