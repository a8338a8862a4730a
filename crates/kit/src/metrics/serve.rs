//! `GET /metrics`, for services that answer nothing else over HTTP.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::page::{Page, TEXT};

/// Who asks at the same time, at most; others wait until they are accepted.
const ASKERS: usize = 16;

/// How long a connection may last: who asks for more than one page in it comes again.
const LONGEST: Duration = Duration::from_secs(60);

/// How long a request may take until it is there.
const HEADERS: Duration = Duration::from_secs(5);

/// Where a service is asked for its metrics.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct MetricsArgs {
    /// Answer GET /metrics here, for Prometheus: an address and port, such as 127.0.0.1:9464.
    /// Nowhere by default. Anybody who reaches it may ask.
    #[arg(long, env = "SHOAL_METRICS_LISTEN", value_name = "ADDRESS:PORT")]
    pub metrics_listen: Option<SocketAddr>,
}

/// Answers for ever where it is told to; where it is not, does nothing for as long. `page` is
/// made anew for each who asks.
///
/// # Errors
/// If the address cannot be had.
pub async fn serve<F>(
    args: MetricsArgs,
    page: impl Fn() -> F + Clone + Send + Sync + 'static,
) -> anyhow::Result<Infallible>
where
    F: Future<Output = Page> + Send + 'static,
{
    let Some(address) = args.metrics_listen else { return std::future::pending().await };
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot answer for metrics on {address}"))?;
    tracing::info!("metrics are at http://{}/metrics", listener.local_addr()?);
    let room = Arc::new(Semaphore::new(ASKERS));
    loop {
        let place = Arc::clone(&room).acquire_owned().await?;
        // Connections that break are the asker's own business.
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let page = page.clone();
        tokio::spawn(async move {
            let _ended = tokio::time::timeout(LONGEST, talk(stream, page)).await;
            drop(place);
        });
    }
}

async fn talk<F>(stream: TcpStream, page: impl Fn() -> F) -> hyper::Result<()>
where
    F: Future<Output = Page>,
{
    let answer = service_fn(|request| {
        let page = &page;
        async move { Ok::<_, Infallible>(answer(&request, page).await) }
    });
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(HEADERS);
    server.serve_connection(TokioIo::new(stream), answer).await
}

async fn answer<F>(request: &Request<Incoming>, page: impl Fn() -> F) -> Response<String>
where
    F: Future<Output = Page>,
{
    let (status, text) = match (request.uri().path(), request.method()) {
        ("/metrics", &Method::GET | &Method::HEAD) => (StatusCode::OK, page().await.into_text()),
        ("/metrics", _) => (StatusCode::METHOD_NOT_ALLOWED, "only GET\n".to_owned()),
        _ => (StatusCode::NOT_FOUND, "only /metrics is here\n".to_owned()),
    };
    let mut response = Response::new(text);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(TEXT));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    /// Serves one asker, and gives what it is answered.
    async fn asked(request: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let page = || async {
            let mut page = Page::default();
            page.single("up", "Whether.", 1);
            page
        };
        let serving =
            tokio::spawn(async move { talk(listener.accept().await.unwrap().0, page).await });
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let _ended = serving.await.unwrap();
        answer
    }

    #[tokio::test]
    async fn the_page_is_at_its_place_alone() {
        let rest = "Host: here\r\nConnection: close\r\n\r\n";
        let found = asked(&format!("GET /metrics HTTP/1.1\r\n{rest}")).await;
        assert!(found.starts_with("HTTP/1.1 200 OK\r\n"), "{found}");
        assert!(found.ends_with("\r\n\r\n# HELP up Whether.\n# TYPE up gauge\nup 1\n"), "{found}");
        assert!(found.contains("content-type: text/plain; version=0.0.4"), "{found}");
        let head = asked(&format!("HEAD /metrics HTTP/1.1\r\n{rest}")).await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
        let other = asked(&format!("GET / HTTP/1.1\r\n{rest}")).await;
        assert!(other.starts_with("HTTP/1.1 404 ") && other.contains("only /metrics"), "{other}");
        let posted = asked(&format!("POST /metrics HTTP/1.1\r\n{rest}")).await;
        assert!(posted.starts_with("HTTP/1.1 405 ") && posted.contains("allow: GET"), "{posted}");
        let garbage = asked("\r\n\r\nnothing of the kind\r\n\r\n").await;
        assert!(garbage.starts_with("HTTP/1.1 400 "), "{garbage}");
    }
}
