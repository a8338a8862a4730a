//! A client for one request, in as little as HTTP/1.1 needs. What a launcher answers is held to
//! its document ([`crate::openapi`]), whatever the test is about.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::openapi;

/// What a server answered.
#[derive(Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as text; what is none is replaced.
    pub body: String,
}

impl Response {
    /// The body as JSON.
    ///
    /// # Panics
    /// If it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Reads an answer; `None` if it is not whole.
    pub fn read(answer: &[u8]) -> Option<Response> {
        let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&answer[..end]).ok()?;
        let body = &answer[end + 4..];
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let header = |line: &str| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        };
        let headers = lines.map(header).collect::<Option<Vec<_>>>()?;
        let is = |(name, value): &(String, String), wanted: [&str; 2]| [name, value] == wanted;
        let is_chunked = headers.iter().any(|it| is(it, ["transfer-encoding", "chunked"]));
        let body = if is_chunked { dechunked(body)? } else { body.to_vec() };
        let body = String::from_utf8_lossy(&body).into_owned();
        Some(Response { status, headers, body })
    }
}

/// `GET path` from the launcher at 127.0.0.1; `None` if nobody listens there or the answer breaks
/// off.
///
/// # Panics
/// If the answer is not one that the launcher's document has.
pub fn get(port: u16, path: &str) -> Option<Response> {
    send(port, "GET", path, &[], b"")
}

/// `POST path` with a JSON body, as [`get`].
///
/// # Panics
/// As [`get`].
pub fn post(port: u16, path: &str, body: &str) -> Option<Response> {
    send(port, "POST", path, &[("content-type", "application/json")], body.as_bytes())
}

/// Any request, as [`get`].
///
/// # Panics
/// As [`get`].
pub fn send(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Option<Response> {
    let response = exchange(port, method, path, headers, body)?;
    openapi::check(method, path, &response);
    Some(response)
}

/// Any request to any server, whose answer is left to the caller. `path` is sent as it is.
pub fn exchange(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Option<Response> {
    let mut request =
        format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n");
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() || method != "GET" {
        request += &format!("content-length: {}\r\n", body.len());
    }
    let answer = exchange_bytes(port, &[request.as_bytes(), b"\r\n", body].concat())?;
    Response::read(&answer).filter(|_| method == "HEAD" || is_whole(&answer))
}

/// A body that came in chunks; `None` if the last one is missing.
fn dechunked(mut chunks: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = chunks.windows(2).position(|window| window == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&chunks[..end]).ok()?, 16).ok()?;
        let chunk = chunks.get(end + 2..end + 2 + size)?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(chunk);
        chunks = chunks.get(end + 2 + size + 2..)?;
    }
}

/// Whether the body has the length that the head says.
fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return false;
    };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let mut lengths = head.lines().filter_map(|line| line.strip_prefix("content-length:"));
    let length = lengths.next().and_then(|text| text.trim().parse::<usize>().ok());
    length.is_none_or(|length| answer.len() - end - 4 == length)
}

/// Sends these very bytes, and reads until the other side closes.
pub fn exchange_bytes(port: u16, request: &[u8]) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
    stream.write_all(request).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_in_chunks_is_read_whole_or_not_at_all() {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let read = |chunks: &str| Response::read(format!("{head}{chunks}").as_bytes());
        let whole = "3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n";
        assert_eq!(read(whole).unwrap().body, "abc0123456789");
        for end in 0..whole.len() - "0\r\n\r\n".len() {
            assert!(read(&whole[..end]).is_none(), "{end}");
        }
    }
}
