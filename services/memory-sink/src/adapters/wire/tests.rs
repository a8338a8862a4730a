//! Requests against sockets that answer in every way there is.

use reqwest::header::HeaderValue;

use super::*;
use crate::testing::{Answer, HttpServer};

const KEY: &str = "z_s3cret-0123456789-0123456789";

fn ask(server: &str, stake: Stake) -> (Line, Ask) {
    let url: Url = format!("{server}/in?token=t0ken").parse().unwrap();
    let mut headers = HeaderMap::new();
    headers.insert("authorization", HeaderValue::from_str(&format!("Api-Key {KEY}")).unwrap());
    let secrets = Secrets::of(&url, &headers);
    let line = Line::new(&url, Duration::from_secs(2), secrets).unwrap();
    let (method, body) = (Method::POST, Some(b"{}".to_vec()));
    (line, Ask { method, url, headers, body, stake, most: MOST })
}

/// What one answer means.
async fn meaning(answer: Answer, stake: Stake) -> Result<Said, DeliveryError> {
    let server = HttpServer::start(vec![answer]).await;
    let (line, ask) = ask(&server.url(), stake);
    let heard = line.ask(ask).await?;
    Ok(line.meaning(heard, stake))
}

#[tokio::test]
async fn each_status_has_its_meaning() {
    let table: [(&[u16], &str, &str, &str); 8] = [
        (&[200, 201, 202, 204, 299], "done", "done", "done"),
        (&[409], "conflict", "conflict", "conflict"),
        (&[401, 402, 403, 407], "unauthorized", "unauthorized", "unauthorized"),
        (&[400, 413, 414, 422, 431], "reject", "reject", "reject"),
        (&[408, 425, 429], "retry 7", "retry 7", "retry 7"),
        (&[500, 502, 503, 504, 529, 599], "retry 7", "retry 7", "unknown 7"),
        (&[301, 302, 304, 307, 308], "misdirected", "misdirected", "misdirected"),
        (&[404, 405, 406, 410, 411, 415, 418, 451], "misdirected", "misdirected", "misdirected"),
    ];
    for (statuses, nothing, named, twice) in table {
        let stakes = [(Stake::Nothing, nothing), (Stake::Named, named), (Stake::Twice, twice)];
        for (status, (stake, expected)) in
            statuses.iter().flat_map(|status| stakes.map(|it| (status, it)))
        {
            let answer = Answer::status(*status).header("retry-after", "7");
            let seconds = |after: Option<Duration>| after.unwrap().as_secs();
            let short = match meaning(answer, stake).await.unwrap() {
                Said::Done(_) => "done".to_owned(),
                Said::Conflict(_) => "conflict".to_owned(),
                Said::Refused { error: DeliveryError::Retry { after, .. }, .. } => {
                    format!("retry {}", seconds(after))
                }
                Said::Refused { error: DeliveryError::Unknown { after, .. }, .. } => {
                    format!("unknown {}", seconds(after))
                }
                Said::Refused { error: DeliveryError::Reject { .. }, .. } => "reject".to_owned(),
                Said::Refused { error: DeliveryError::Misdirected { .. }, .. } => {
                    "misdirected".to_owned()
                }
                Said::Refused { error: DeliveryError::Unauthorized { .. }, .. } => {
                    "unauthorized".to_owned()
                }
            };
            assert_eq!(short, expected, "{status} with {stake:?}");
        }
    }
}

#[tokio::test]
async fn silence_after_sending_is_unknown_and_before_it_is_not() {
    for answer in [Answer::Reset, Answer::Hold, Answer::Raw("HTTP/9 no\r\n\r\n".to_owned())] {
        for stake in [Stake::Named, Stake::Twice] {
            let error = meaning(answer.clone(), stake).await.err().unwrap();
            assert!(matches!(error, DeliveryError::Unknown { after: None, .. }), "{error:?}");
        }
        let error = meaning(answer, Stake::Nothing).await.err().unwrap();
        assert!(matches!(error, DeliveryError::Retry { after: None, .. }), "{error:?}");
    }
    let server = HttpServer::start(Vec::new()).await;
    let url = server.url();
    server.stop().await;
    // Nobody is there, nobody has that name, and nobody speaks TLS.
    let plain = HttpServer::start(vec![Answer::Raw("no".to_owned())]).await;
    let secure = plain.url().replace("http:", "https:");
    for url in [url.as_str(), "http://nobody.invalid", &secure] {
        let (line, ask) = ask(url, Stake::Twice);
        let error = tokio::time::timeout(Duration::from_secs(20), line.ask(ask)).await.unwrap();
        let error = error.err().unwrap();
        assert!(matches!(&error, DeliveryError::Retry { after: None, .. }), "{url} {error:?}");
    }
}

#[tokio::test]
async fn a_drip_is_held_to_the_time_of_the_whole() {
    let server = HttpServer::start(vec![Answer::Drip]).await;
    let (line, ask) = ask(&server.url(), Stake::Twice);
    let heard = tokio::time::timeout(Duration::from_secs(20), line.ask(ask)).await.unwrap();
    let heard = heard.unwrap();
    assert!(!heard.is_whole && !heard.body.is_empty() && heard.status == 200);
}

#[tokio::test]
async fn a_long_answer_is_cut_and_a_broken_one_is_not_whole() {
    let long = Answer::status(400).body(&"x ".repeat(MOST));
    let broken = Answer::Raw("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf".to_owned());
    let fine = Answer::Raw("HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nhalf".to_owned());
    let server = HttpServer::start(vec![long, broken, fine]).await;
    let mut lengths = Vec::new();
    for _ in 0..3 {
        let (line, ask) = ask(&server.url(), Stake::Twice);
        let heard = line.ask(ask).await.unwrap();
        lengths.push((heard.body.len(), heard.is_whole));
        assert!(line.words(&heard).chars().count() < 300);
    }
    assert_eq!(lengths, [(MOST, false), (4, false), (4, true)]);
}

#[tokio::test]
async fn no_secret_is_in_what_is_said() {
    let said = format!("{{\"sent\": \"Api-Key {KEY}\", \"to\": \"/in?token=t0ken\"}}");
    let server = HttpServer::start(vec![
        Answer::status(401).body(&said),
        Answer::status(302).header("location", &format!("http://127.0.0.1:1/?key={KEY}")),
        Answer::Reset,
    ])
    .await;
    let mut texts = String::new();
    for _ in 0..3 {
        let (line, ask) = ask(&server.url(), Stake::Twice);
        match line.ask(ask).await {
            Ok(heard) => {
                let Said::Refused { error, .. } = line.meaning(heard, Stake::Twice) else {
                    panic!()
                };
                texts = format!("{texts} {error} {error:?} {line:?}");
            }
            Err(error) => texts = format!("{texts} {error} {error:?}"),
        }
    }
    assert!(texts.contains("***") && texts.contains("302 Found"), "{texts}");
    assert!(!texts.contains("s3cret") && !texts.contains("t0ken"), "{texts}");
    // Nobody went where the redirect pointed, and one request was made for each.
    assert_eq!(server.requests().len(), 3);
    assert!(server.requests().iter().all(|it| it.header("accept-encoding").is_none()));
}

#[tokio::test]
async fn limits_are_read_from_every_answer() {
    for status in [202, 429] {
        let answer = Answer::status(status)
            .header("X-RateLimit-Limit", "5")
            .header("X-RateLimit-Remaining", "-43")
            .header("X-RateLimit-Reset", "1792567680")
            .header("Zep-Next-Cursor", "c2");
        let server = HttpServer::start(vec![answer]).await;
        let (line, ask) = ask(&server.url(), Stake::Twice);
        let heard = line.ask(ask).await.unwrap();
        assert_eq!((heard.limits.per_minute, heard.limits.remaining), (Some(5), Some(-43)));
        assert_eq!(heard.limits.reset.unwrap().to_string(), "2026-10-21T07:28:00.000Z");
        assert_eq!(heard.next_cursor.as_deref(), Some("c2"));
    }
}
