//! HTTP, as much of it as the clients speak.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

/// A request.
pub(crate) struct Request {
    /// The request line and headers.
    pub(crate) head: String,
    pub(crate) body: String,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Headers beside those that each answer has.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Reply {
    /// A status and a body.
    pub fn new(status: u16, body: impl Into<String>) -> Reply {
        Reply { status, headers: Vec::new(), body: body.into() }
    }

    /// With one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Reply {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl Request {
    /// Method and target, with a space between them.
    pub(crate) fn target(&self) -> &str {
        let line = self.head.lines().next().unwrap_or_default();
        line.strip_suffix(" HTTP/1.1").unwrap_or(line)
    }

    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let found = lines.find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim())
    }

    pub(crate) fn method(&self) -> &str {
        self.target().split(' ').next().unwrap_or_default()
    }

    /// The parts of the path, without their escapes.
    pub(crate) fn path(&self) -> Vec<String> {
        let path = self.target().split(' ').nth(1).unwrap_or_default();
        let path = path.split('?').next().unwrap_or_default();
        path.split('/').filter(|part| !part.is_empty()).map(unescaped).collect()
    }

    /// A field of the query.
    pub(crate) fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.target().split_once('?')?;
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(found, _)| *found == name).map(|(_, value)| unescaped(value))
    }
}

fn unescaped(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let code = (*first == b'%').then(|| after.get(..2)).flatten();
        let code = code.and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Reads one request. `None` at the end of the connection.
pub(crate) fn read(stream: &mut TcpStream) -> Option<Request> {
    let (mut buffer, mut chunk) = (Vec::with_capacity(32 * 1024), [0; 16 * 1024]);
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let mut body = buffer.split_off(end + 4);
            let head = String::from_utf8(buffer).ok()?;
            let mut request = Request { head, body: String::new() };
            let length = request.header("content-length").map_or(Some(0), |it| it.parse().ok())?;
            while body.len() < length {
                let read = stream.read(&mut chunk).ok().filter(|read| *read > 0)?;
                body.extend_from_slice(&chunk[..read]);
            }
            request.body = String::from_utf8_lossy(&body).into_owned();
            return Some(request);
        }
        let read = stream.read(&mut chunk).ok().filter(|read| *read > 0)?;
        buffer.extend_from_slice(&chunk[..read]);
    }
}

/// Answers with the first `most` bytes. False if the connection is over.
pub(crate) fn write(stream: &mut TcpStream, reply: &Reply, most: usize) -> bool {
    let text = format!("{}{}", head(reply), reply.body);
    stream.write_all(&text.as_bytes()[..most.min(text.len())]).is_ok()
}

/// Answers with a letter of the body every 50 ms. False if the connection is over.
pub(crate) fn drip(stream: &mut TcpStream, reply: &Reply) -> bool {
    let mut sent = stream.write_all(head(reply).as_bytes());
    for byte in reply.body.bytes() {
        if sent.is_err() {
            return false;
        }
        thread::sleep(Duration::from_millis(50));
        sent = stream.write_all(&[byte]);
    }
    sent.is_ok()
}

/// Says nothing until the client leaves.
pub(crate) fn stall(stream: &mut TcpStream) {
    let mut byte = [0];
    while matches!(stream.read(&mut byte), Ok(1..)) {}
}

fn head(reply: &Reply) -> String {
    let mut text =
        format!("HTTP/1.1 {} X\r\ncontent-length: {}\r\n", reply.status, reply.body.len());
    let is_typed = reply.headers.iter().any(|(name, _)| name == "content-type");
    if !is_typed {
        text.push_str("content-type: application/json\r\n");
    }
    for (name, value) in &reply.headers {
        // To write to a text cannot fail.
        let _ = write!(text, "{name}: {value}\r\n");
    }
    text.push_str("\r\n");
    text
}
