use std::path::Path;

use serde_json::{Value, json};

use super::{Endpoints, Price, Source, read};

/// Reads `endpoints` as a file in a folder with the files `main.key`, `place`, `empty` and
/// `other`.
fn file(endpoints: &Value) -> Result<Endpoints, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("endpoints.json");
    std::fs::write(&path, json!({ "endpoints": endpoints }).to_string()).unwrap();
    std::fs::write(folder.path().join("main.key"), "sk-c4nary\n").unwrap();
    std::fs::write(folder.path().join("place"), "https://u:p4ssword@m.example/v1\n").unwrap();
    std::fs::write(folder.path().join("empty"), "\n").unwrap();
    std::fs::write(folder.path().join("other"), "sk-c4nary:0123").unwrap();
    let prefix = format!("{}/", folder.path().display());
    read(Some(&path)).map_err(|problems| problems.to_string().replace(&prefix, ""))
}

#[test]
fn without_a_file_there_are_none() {
    let none = read(None).unwrap();
    assert!(none.names().is_empty());
    let why = none.find("main", None).unwrap_err();
    assert!(why.contains("SHOAL_LLM_ENDPOINTS"), "{why}");
}

#[test]
fn every_field_is_read_and_no_secret_is_shown() {
    let endpoints = file(&json!({
        "main": {
            "url": "https://models.example/v1/?api-version=s3cret-version", "key_file": "main.key",
            "models": ["small-1", "large-1"], "concurrency": 30, "requests_per_minute": 500,
            "tokens_per_minute": 200_000, "max_tokens": 512, "temperature": 0.7, "tools": true,
            "price": {"prompt": "0.15", "cached": 0.075, "completion": "0.60"},
            "extra": {"reasoning_effort": "low", "tool_choice": "required"},
        },
        "least": {"url_file": "place", "models": ["m"]},
    }))
    .unwrap();
    let (main, model) = endpoints.find("main", None).unwrap();
    assert_eq!(model, "small-1");
    let url = "https://models.example/v1/chat/completions?api-version=s3cret-version";
    assert_eq!(main.url.as_str(), url);
    assert_eq!(main.authorization.as_ref().unwrap(), "Bearer sk-c4nary");
    assert_eq!((main.concurrency, main.max_tokens, main.tools), (30, Some(512), Some(true)));
    assert_eq!((main.requests_per_minute, main.tokens_per_minute), (Some(500), Some(200_000)));
    assert_eq!(main.temperature.as_deref(), Some("0.7"));
    assert_eq!(main.price, Price { prompt: 150_000, cached: Some(75_000), completion: 600_000 });
    assert_eq!(main.extra, [("reasoning_effort".to_owned(), "\"low\"".to_owned())]);
    assert_eq!(main.extra_of_tools, [("tool_choice".to_owned(), "\"required\"".to_owned())]);

    let (least, _) = endpoints.find("least", Some("m")).unwrap();
    assert_eq!((least.concurrency, least.tools, least.price), (16, None, Price::default()));
    let words = "sk-c4nary and p4ssword, version s3cret-version";
    assert_eq!(main.secrets.hide(words, Source::Other), "*** and p4ssword, version ***");
    assert_eq!(least.secrets.hide("u, p4ssword", Source::Other), "u, ***");
    let shown = format!("{endpoints:?} {:?}", main.authorization);
    for secret in ["c4nary", "p4ssword", "s3cret"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn who_asks_for_another_is_told_what_there_is() {
    let one = json!({"url": "http://127.0.0.1:1", "models": ["small-1", "large-1"]});
    let endpoints = file(&json!({"main": one, "boost": one})).unwrap();
    assert!(endpoints.get("main").unwrap().is_loopback());
    for (name, model, expected) in [
        ("man", None, "there is no endpoint \"man\"; is \"main\" meant?"),
        ("other", None, "there is no endpoint \"other\"; there are boost, main"),
        ("main", Some("tiny"), "endpoint \"main\" has no model \"tiny\"; it has small-1, large-1"),
    ] {
        assert_eq!(endpoints.find(name, model).unwrap_err(), expected);
    }
    assert_eq!(endpoints.find("boost", Some("large-1")).unwrap().1, "large-1");
}

#[test]
fn every_problem_of_the_file_is_named() {
    let error = file(&json!({
        "A.b": {"url": "http://x/v1", "models": ["m"]},
        "builtin": {"url": "http://x/v1", "models": ["m"]},
        "keys": {"url_file": "place", "key_file": "main.key", "models": ["m"]},
        "odd": {
            "urll": 1, "key_file": "gone", "models": [], "concurrency": 0, "temperature": "warm",
            "requests_per_minute": -1, "max_tokens": 0, "tools": "yes",
            "price": {"prompt": "a lot", "cahced": 1}, "extra": {"model": "x"},
        },
        "twice": {"url": "x", "url_file": "y", "models": ["a", "a", 1], "extra": []},
        "whole": {"url": "ftp://c4nary/", "key_file": "empty", "models": "m"},
        "wrong": {"url": "http://x/v1/chat/completions", "models": ["m"]},
    }))
    .unwrap_err();
    let expected = [
        "/A.b: found the name \"A.b\", expected 1 to 32 of a-z, 0-9, _ and -, beginning with a \
         letter or digit",
        "/builtin: found the name \"builtin\", expected another: it stands for no model",
        "/keys/key_file: found a key beside a user in the address, expected one of them",
        "/odd/urll: found an unknown field, expected \"url\" (did you mean that?)",
        "/odd/url: found nothing, expected the address of the API, or url_file in its place",
        "/odd/key_file: found No such file or directory (os error 2), expected the name of a file \
         that holds the key, beside this one",
        "/odd/models: found 0 models, expected 1 to 64",
        "/odd/concurrency: found 0, expected a whole number from 1 to 10000",
        "/odd/requests_per_minute: found -1, expected a whole number from 1 to 150119987579",
        "/odd/max_tokens: found 0, expected a whole number from 1 to 1000000",
        "/odd/temperature: found the text \"warm\", expected a number from 0 to 2",
        "/odd/tools: found the text \"yes\", expected true or false",
        "/odd/price/cahced: found an unknown field, expected \"cached\" (did you mean that?)",
        "/odd/price/completion: found nothing, expected what a million tokens cost that come back",
        "/odd/price/prompt: found the text \"a lot\", expected a decimal from 0 to 1000000",
        "/odd/extra/model: found a field that the simulator sets, expected others",
        "/twice/url_file: found url beside it, expected one of them",
        "/twice/models/1: found the text \"a\", expected a name of 1 to 128 bytes, each once",
        "/twice/models/2: found 1, expected a name of 1 to 128 bytes, each once",
        "/twice/extra: found a list of 0, expected an object",
        "/whole/url: found an address of scheme \"ftp\", expected an address that begins with \
         http:// or https://",
        "/whole/key_file: found an empty file, expected a key",
        "/whole/models: found the text \"m\", expected a list",
        "/wrong/url: found an address that ends with /chat/completions, expected the address \
         before that: it is appended",
    ];
    let expected = expected.map(|line| format!("endpoints.json /endpoints{line}"));
    assert_eq!(error.lines().collect::<Vec<_>>(), expected);
}

/// Who writes a key where the name of its file belongs is not shown it.
#[test]
fn what_stands_in_the_place_of_a_name_is_not_shown() {
    let long = format!("sk-c4nary-{}", "x".repeat(300));
    for (field, value, what) in [
        ("key_file", "sk-c4nary-0123456789", "the key"),
        ("key_file", &long, "the key"),
        ("key_file", "sk-c4nary\0", "the key"),
        ("url_file", "https://u:c4nary@m.example/v1", "the address"),
    ] {
        let mut endpoint = json!({"models": ["m"], field: value});
        if field == "key_file" {
            endpoint["url"] = json!("http://x/v1");
        }
        let error = file(&json!({"main": endpoint})).unwrap_err();
        let expected = format!("expected the name of a file that holds {what}, beside this one");
        assert!(!error.contains("c4nary"), "{error}");
        assert!(error.contains(&format!("/main/{field}: found ")), "{error}");
        assert!(error.ends_with(&expected), "{error}");
    }
    // Nor what stands in the file, which `Url` takes for an address.
    let error = file(&json!({"main": {"models": ["m"], "url_file": "other"}})).unwrap_err();
    let expected = "found an address of another scheme, expected an address that begins with http:// or https://";
    assert!(error.ends_with(expected), "{error}");
}

#[test]
fn an_unreadable_file_says_which() {
    let error = read(Some(Path::new("no/such.json"))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no/such.json: found No such file or directory (os error 2), expected a readable file \
         (SHOAL_LLM_ENDPOINTS)"
    );
    assert!(file(&json!([])).is_err());
    assert!(file(&json!({})).unwrap().names().is_empty());
}
