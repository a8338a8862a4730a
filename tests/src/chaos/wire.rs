//! A NATS client for requests, in as little as the protocol needs: a connection each time that
//! something is asked, so nothing of it is in a server that is killed.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// The server's refusal of a command whose id is used already.
const ONE_MESSAGE_PER_SUBJECT: u64 = 10_077;

/// A connection.
#[derive(Debug)]
pub struct Wire {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
    asked: u64,
}

impl Wire {
    /// Connects to the server at `127.0.0.1:<port>`.
    ///
    /// # Errors
    /// If nobody answers there.
    pub fn connect(port: u16) -> io::Result<Wire> {
        let writer =
            TcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], port)), PATIENCE)?;
        writer.set_read_timeout(Some(PATIENCE))?;
        writer.set_write_timeout(Some(PATIENCE))?;
        writer.set_nodelay(true)?;
        let mut wire = Wire { reader: BufReader::new(writer.try_clone()?), writer, asked: 0 };
        let options = json!({"verbose": false, "pedantic": false, "lang": "chaos", "version": "1",
            "protocol": 1, "headers": true, "no_responders": true});
        write!(wire.writer, "CONNECT {options}\r\nSUB _INBOX.chaos.{}.* 1\r\n", wire.id()?)?;
        Ok(wire)
    }

    /// Waits longer for answers than usual.
    ///
    /// # Errors
    /// If the system does not let us.
    pub fn wait_for(&self, patience: Duration) -> io::Result<()> {
        self.writer.set_read_timeout(Some(patience))
    }

    /// Asks, and waits for the answer; `None`: nobody listens, or there is no such message.
    ///
    /// # Errors
    /// If there is no answer in time.
    pub fn request(&mut self, subject: &str, body: &[u8]) -> io::Result<Option<Vec<u8>>> {
        self.asked += 1;
        let inbox = format!("_INBOX.chaos.{}.{}", self.id()?, self.asked);
        let mut message = format!("PUB {subject} {inbox} {}\r\n", body.len()).into_bytes();
        message.extend_from_slice(body);
        message.extend_from_slice(b"\r\n");
        self.writer.write_all(&message)?;
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let words: Vec<&str> = line.split_whitespace().collect();
            match words[..] {
                ["PING"] => self.writer.write_all(b"PONG\r\n")?,
                ["MSG", to, .., total] => {
                    let payload = self.payload("0", total)?.1;
                    if to == inbox {
                        return Ok(Some(payload));
                    }
                }
                ["HMSG", to, .., head, total] => {
                    let (head, payload) = self.payload(head, total)?;
                    if to == inbox {
                        let status = head.split_whitespace().nth(1).unwrap_or_default();
                        return Ok((!["404", "503"].contains(&status)).then_some(payload));
                    }
                }
                ["-ERR", ..] => return Err(io::Error::other(line.trim().to_owned())),
                _ => {}
            }
        }
    }

    /// The last message on a subject.
    ///
    /// # Errors
    /// If there is no answer in time, or none that is JSON.
    pub fn last(&mut self, stream: &str, subject: &str) -> io::Result<Option<Value>> {
        let found = self.request(&format!("$JS.API.DIRECT.GET.{stream}.{subject}"), b"")?;
        found.map(|body| serde_json::from_slice(&body).map_err(io::Error::from)).transpose()
    }

    /// The subjects of a stream, and how many messages each has.
    ///
    /// # Errors
    /// If there is no answer in time.
    pub fn subjects(&mut self, stream: &str) -> io::Result<BTreeMap<String, u64>> {
        let wish = json!({"subjects_filter": ">"}).to_string();
        let answer = self.request(&format!("$JS.API.STREAM.INFO.{stream}"), wish.as_bytes())?;
        let answer: Value = serde_json::from_slice(&answer.unwrap_or_default())?;
        let counts = answer["state"]["subjects"].as_object().cloned().unwrap_or_default();
        let count = |(subject, count): (String, Value)| (subject, count.as_u64().unwrap_or(0));
        Ok(counts.into_iter().map(count).collect())
    }

    /// Stores a message; true if the server says that it is stored, now or since an earlier try.
    ///
    /// # Errors
    /// If there is no answer in time: it may be stored.
    pub fn store(&mut self, subject: &str, body: &Value) -> io::Result<bool> {
        let answer = self.request(subject, body.to_string().as_bytes())?;
        let answer: Value = serde_json::from_slice(&answer.unwrap_or_default())?;
        let is_there = answer["error"]["err_code"] == ONE_MESSAGE_PER_SUBJECT;
        Ok(is_there || answer["seq"].as_u64().is_some_and(|sequence| sequence > 0))
    }

    /// Another for each connection: the port on our side.
    fn id(&self) -> io::Result<u16> {
        Ok(self.writer.local_addr()?.port())
    }

    fn payload(&mut self, head: &str, total: &str) -> io::Result<(String, Vec<u8>)> {
        let number = |text: &str| text.parse::<usize>().map_err(io::Error::other);
        let (head, total) = (number(head)?, number(total)?);
        let mut bytes = vec![0; total + 2];
        self.reader.read_exact(&mut bytes)?;
        bytes.truncate(total);
        let payload = bytes.split_off(head.min(total));
        Ok((String::from_utf8_lossy(&bytes).into_owned(), payload))
    }
}
