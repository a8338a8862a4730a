//! A webhook's receiver for tests: a real socket on loopback that records what it gets and
//! answers by script.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What the server does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Reply {
        status: u16,
        headers: Vec<(String, String)>,
        body: String,
    },
    /// Sends this as it stands, and hangs up.
    Raw(String),
    /// Sends the head of an answer, then a letter of its body every 20 ms.
    Drip,
    /// Reads the request and hangs up without a word.
    Reset,
    /// Reads the request and says nothing for as long as it lives.
    Hold,
}

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct HttpServer {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    task: JoinHandle<()>,
}

impl Answer {
    pub(crate) fn status(status: u16) -> Answer {
        Answer::Reply { status, headers: Vec::new(), body: String::new() }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Answer {
        if let Answer::Reply { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.to_owned()));
        }
        self
    }

    pub(crate) fn body(mut self, text: &str) -> Answer {
        if let Answer::Reply { body, .. } = &mut self {
            text.clone_into(body);
        }
        self
    }
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }
}

impl HttpServer {
    /// A server that gives `answers` in order, and 200 once they are used up.
    pub(crate) async fn start(answers: Vec<Answer>) -> HttpServer {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&requests);
        let task = tokio::spawn(async move {
            let mut answers = answers.into_iter();
            let mut held = Vec::new();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read_request(&mut stream).await;
                record.lock().unwrap().push(request);
                match answers.next().unwrap_or(Answer::status(200)) {
                    Answer::Reply { status, headers, body } => {
                        reply(&mut stream, status, &headers, &body).await;
                    }
                    Answer::Raw(text) => {
                        let _gone = stream.write_all(text.as_bytes()).await;
                    }
                    Answer::Drip => held.push(tokio::spawn(drip(stream))),
                    Answer::Reset => drop(stream),
                    Answer::Hold => held.push(tokio::spawn(async move {
                        let mut byte = [0];
                        while matches!(stream.read(&mut byte).await, Ok(1..)) {}
                    })),
                }
            }
        });
        HttpServer { address, requests, task }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// Closes the port.
    pub(crate) async fn stop(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

async fn read_request(stream: &mut TcpStream) -> Request {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "the request is cut");
    };
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.lines().map(str::to_owned);
    let line = lines.next().unwrap();
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(": ").map(|(n, v)| (n.to_owned(), v.to_owned())).unwrap())
        .collect();
    let mut request = Request { line, headers, body: bytes[end + 4..].to_vec() };
    let length: usize = request.header("content-length").map_or(0, |it| it.parse().unwrap());
    while request.body.len() < length {
        assert_ne!(stream.read_buf(&mut request.body).await.unwrap(), 0, "the body is cut");
    }
    request
}

async fn drip(mut stream: TcpStream) {
    let mut sent = stream.write_all(b"HTTP/1.1 200 \r\ncontent-length: 9999\r\n\r\n").await;
    while sent.is_ok() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        sent = stream.write_all(b"x").await;
    }
}

/// Writes a response; a client that has read enough may have gone.
async fn reply(stream: &mut TcpStream, status: u16, headers: &[(String, String)], body: &str) {
    use std::fmt::Write as _;
    let mut head = format!("HTTP/1.1 {status} \r\nconnection: close\r\n");
    for (name, value) in headers {
        write!(head, "{name}: {value}\r\n").unwrap();
    }
    write!(head, "content-length: {}\r\n\r\n{body}", body.len()).unwrap();
    let _gone = stream.write_all(head.as_bytes()).await;
}
