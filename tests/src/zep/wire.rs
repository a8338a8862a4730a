//! HTTP, as much of it as clients of Zep speak.

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use super::{Answer, Reply};

/// A request.
pub(super) struct Request {
    /// Method and target, with a space between them.
    pub(super) target: String,
    /// All lines behind the first.
    head: String,
    pub(super) body: String,
}

impl Request {
    /// A header's value.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        let found = lines.find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim())
    }

    pub(super) fn method(&self) -> &str {
        self.target.split(' ').next().unwrap_or_default()
    }

    /// The parts of the path, without their escapes.
    pub(super) fn path(&self) -> Vec<String> {
        let path = self.target.split(' ').nth(1).unwrap_or_default();
        let path = path.split('?').next().unwrap_or_default();
        path.split('/').filter(|part| !part.is_empty()).map(unescaped).collect()
    }

    /// A field of the query.
    pub(super) fn query(&self, name: &str) -> Option<String> {
        let (_, query) = self.target.split_once('?')?;
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
pub(super) fn read(stream: &mut TcpStream) -> Option<Request> {
    let (mut buffer, mut chunk) = (Vec::new(), [0; 16 * 1024]);
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(buffer[..end].to_vec()).ok()?;
            let (line, head) = head.split_once("\r\n").unwrap_or((&head, ""));
            let target = line.strip_suffix(" HTTP/1.1")?.to_owned();
            let mut request = Request { target, head: head.to_owned(), body: String::new() };
            let length = request.header("content-length").map_or(Some(0), |it| it.parse().ok())?;
            let mut body = buffer.split_off(end + 4);
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

/// Answers. False if the connection is over.
pub(super) fn write(stream: &mut TcpStream, answer: &Answer) -> bool {
    match answer {
        Answer::Reply(reply) => {
            stream.write_all(format!("{}{}", head(reply), reply.body).as_bytes()).is_ok()
        }
        Answer::Drip(reply) => {
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
        Answer::Reset => false,
        Answer::Stall => {
            // Until the client leaves.
            let mut byte = [0];
            while matches!(stream.read(&mut byte), Ok(1..)) {}
            false
        }
    }
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
