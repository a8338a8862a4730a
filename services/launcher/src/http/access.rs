//! Who may ask: which names this edge answers to, which pages may call it, and the token.
//!
//! A loopback address is no protection by itself: any page that a browser on this machine shows can
//! send requests there, and a name that somebody else owns can be made to mean 127.0.0.1. So the
//! `Host` must be one of ours, and where a browser names the page that asks (`Origin`), that page
//! must be one that was allowed.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    AUTHORIZATION, CACHE_CONTROL, HOST, ORIGIN, VARY, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use contract::problem::{Problem, shorten};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::error::HttpError;

/// The fewest characters of a token: fewer could be tried through.
pub const MIN_TOKEN: usize = 16;

/// What probes ask, which know neither names nor tokens, and which tell nothing.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, DELETE");
const HEADERS: HeaderValue =
    HeaderValue::from_static("authorization, content-type, idempotency-key, last-event-id");
const EXPOSED: HeaderValue = HeaderValue::from_static("content-disposition, retry-after");
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
const PRIVATE_NETWORK: HeaderName =
    HeaderName::from_static("access-control-request-private-network");
const ALLOW_PRIVATE_NETWORK: HeaderName =
    HeaderName::from_static("access-control-allow-private-network");

/// Who may ask.
#[derive(Clone, Debug)]
pub struct Access {
    /// The names that `Host` may have, without a port; `None`: any.
    hosts: Option<Vec<String>>,
    /// The pages that may ask, as `scheme://name[:port]`.
    origins: Vec<String>,
    token: Option<Token>,
}

/// A secret that whoever asks must have. Kept as its digest, and never shown.
#[derive(Clone)]
pub struct Token([u8; 32]);

/// Why somebody may not.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Denied {
    Host(Option<String>),
    Origin(String),
    NoToken,
    WrongToken,
}

impl Access {
    /// Of an edge that listens on `address`, which answers to the names of this machine for itself
    /// unless `hosts` names others; `*` among them is any.
    pub fn new(
        address: SocketAddr,
        hosts: &[String],
        origins: Vec<String>,
        token: Option<Token>,
    ) -> Access {
        let own = ["localhost", "127.0.0.1", "[::1]"].map(str::to_owned);
        let listened = match address {
            SocketAddr::V4(address) => address.ip().to_string(),
            SocketAddr::V6(address) => format!("[{}]", address.ip()),
        };
        let named = hosts.iter().map(|host| host.to_ascii_lowercase());
        let all = own.into_iter().chain([listened]).chain(named).collect();
        let hosts = (!hosts.iter().any(|host| host == "*")).then_some(all);
        Access { hosts, origins, token }
    }

    fn check(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Denied> {
        if PROBES.contains(&uri.path()) {
            return Ok(());
        }
        let text = |name| headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
        let host = text(HOST);
        let named = uri.authority().map(|authority| authority.as_str()).or(host.as_deref());
        if !named.is_some_and(|host| self.answers_to(host)) {
            return Err(Denied::Host(named.map(str::to_owned)));
        }
        if let Some(origin) = text(ORIGIN) {
            let is_same = named.is_some_and(|host| origin == format!("http://{host}"));
            if !is_same && !self.origins.iter().any(|allowed| *allowed == origin) {
                return Err(Denied::Origin(origin.into_owned()));
            }
        }
        let Some(token) = &self.token else { return Ok(()) };
        let Some(given) = headers.get(AUTHORIZATION) else { return Err(Denied::NoToken) };
        match given.as_bytes().strip_prefix(b"Bearer ") {
            Some(given) if token.is(given) => Ok(()),
            Some(_) | None => Err(Denied::WrongToken),
        }
    }

    fn answers_to(&self, host: &str) -> bool {
        let Some(hosts) = &self.hosts else { return true };
        // The port of an address in brackets comes behind them.
        let end = host.rfind(':').filter(|at| host.rfind(']').is_none_or(|end| end < *at));
        let name = host[..end.unwrap_or(host.len())].trim_end_matches('.');
        hosts.iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}

impl Token {
    /// From the text of a token.
    ///
    /// # Errors
    /// If it is none, in words that do not show it.
    pub fn new(text: &str) -> Result<Token, String> {
        if text.len() < MIN_TOKEN || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(format!("{MIN_TOKEN} or more letters, digits and signs, without a blank"));
        }
        Ok(Token(Sha256::digest(text).into()))
    }

    /// Takes as long for every text of a length.
    fn is(&self, text: &[u8]) -> bool {
        let digest: [u8; 32] = Sha256::digest(text).into();
        self.0.ct_eq(&digest).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// A page that may ask at all, as text.
///
/// # Errors
/// What was expected.
pub fn check_origin(text: &str) -> Result<(), String> {
    const EXPECTED: &str = "scheme://name[:port] without a path, e.g. http://localhost:3000";
    let uri: Uri = text.parse().map_err(|_| EXPECTED.to_owned())?;
    let is_bare = uri.path() == "/" && !text.ends_with('/') && uri.query().is_none();
    let is_web = uri.scheme_str().is_some_and(|scheme| matches!(scheme, "http" | "https"));
    let has_user = uri.authority().is_some_and(|authority| authority.as_str().contains('@'));
    if is_web && is_bare && !has_user && text == text.to_ascii_lowercase() {
        return Ok(());
    }
    Err(EXPECTED.to_owned())
}

/// Lets requests through that may be, and tells browsers so.
pub(super) async fn guard(
    State(access): State<Arc<Access>>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers();
    let origin = headers.get(ORIGIN).cloned();
    let is_preflight = request.method() == Method::OPTIONS
        && origin.is_some()
        && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    let wants_private = headers.contains_key(PRIVATE_NETWORK);
    let checked = access.check(request.uri(), headers);
    let is_allowed = !matches!(checked, Err(Denied::Host(_) | Denied::Origin(_)));
    let mut response = match checked {
        // Browsers send no token with what they ask first.
        Ok(()) | Err(Denied::NoToken) if is_preflight => preflight(wants_private),
        Ok(()) => next.run(request).await,
        Err(denied) => denied.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.append(VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin.filter(|_| is_allowed) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
    response
}

/// What a page may send.
fn preflight(wants_private: bool) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
    headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    if wants_private {
        headers.insert(ALLOW_PRIVATE_NETWORK, HeaderValue::from_static("true"));
    }
    response
}

impl IntoResponse for Denied {
    fn into_response(self) -> Response {
        let quoted = |text: &str| format!("{:?}", shorten(text, 100));
        let (status, place, found, expected) = match &self {
            Denied::Host(host) => (
                StatusCode::FORBIDDEN,
                "host",
                host.as_deref().map_or("nothing".to_owned(), quoted),
                "a name of this edge; whoever runs it allows others with SHOAL_HTTP_HOSTS",
            ),
            Denied::Origin(origin) => (
                StatusCode::FORBIDDEN,
                "origin",
                quoted(origin),
                "a page that may ask; whoever runs this edge allows one with SHOAL_HTTP_ORIGINS",
            ),
            Denied::NoToken | Denied::WrongToken => (
                StatusCode::UNAUTHORIZED,
                "authorization",
                if self == Denied::NoToken { "nothing" } else { "another token" }.to_owned(),
                "Bearer and the token of this edge",
            ),
        };
        let mut response =
            HttpError::denied(status, Problem::new(place, found, expected)).into_response();
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::middleware;
    use axum::routing::get;
    use serde_json::Value;
    use tower::ServiceExt as _;

    const TOKEN: &str = "correct-horse-battery";

    fn access(hosts: &[&str], token: Option<&str>) -> Access {
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let origins = vec!["http://localhost:3000".to_owned()];
        let token = token.map(|text| Token::new(text).unwrap());
        Access::new("192.168.7.2:5001".parse().unwrap(), &hosts, origins, token)
    }

    async fn ask(
        access: Access,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
    ) -> (StatusCode, HeaderMap, String) {
        let answer = || async { "here" };
        let router = Router::new()
            .route("/api", get(answer).post(answer))
            .route("/healthz", get(answer))
            .layer(middleware::from_fn_with_state(Arc::new(access), guard));
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 10_000).await.unwrap();
        (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn only_the_names_of_the_edge_are_answered() {
        let table: [(&[&str], &str, StatusCode); 16] = [
            (&[], "localhost", StatusCode::OK),
            (&[], "LocalHost:5001", StatusCode::OK),
            (&[], "localhost.:5001", StatusCode::OK),
            (&[], "127.0.0.1:5001", StatusCode::OK),
            (&[], "[::1]:5001", StatusCode::OK),
            (&[], "[::1]", StatusCode::OK),
            (&[], "192.168.7.2:5001", StatusCode::OK),
            (&[], "evil.example:5001", StatusCode::FORBIDDEN),
            (&[], "localhost.evil.example", StatusCode::FORBIDDEN),
            (&[], "127.0.0.1.evil.example", StatusCode::FORBIDDEN),
            (&[], "localhost@evil.example", StatusCode::FORBIDDEN),
            (&[], "", StatusCode::FORBIDDEN),
            (&[], "[::1", StatusCode::FORBIDDEN),
            (&["shoal.example"], "Shoal.Example:80", StatusCode::OK),
            (&["shoal.example"], "other.example", StatusCode::FORBIDDEN),
            (&["*"], "anything.example", StatusCode::OK),
        ];
        for (hosts, host, expected) in table {
            let (status, _, body) =
                ask(access(hosts, None), "GET", "/api", &[("host", host)]).await;
            assert_eq!(status, expected, "{host:?}: {body}");
        }
        let (status, _, body) = ask(access(&[], None), "GET", "/api", &[]).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["success"], false);
        assert_eq!(body["problems"][0]["place"], "host");
        // The form that proxies use names the host in the request's own line.
        let (status, ..) = ask(access(&[], None), "GET", "http://localhost/api", &[]).await;
        assert_eq!(status, StatusCode::OK);
        let proxied = [("host", "localhost")];
        let (status, ..) = ask(access(&[], None), "GET", "http://evil.example/api", &proxied).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        let (status, ..) = ask(access(&[], None), "GET", "/healthz", &[("host", "10.1.2.3")]).await;
        assert_eq!(status, StatusCode::OK);
    }

    #[tokio::test]
    async fn only_pages_that_were_allowed_may_ask() {
        let host = ("host", "localhost:5001");
        for (origin, expected) in [
            ("http://localhost:3000", StatusCode::OK),
            ("http://localhost:5001", StatusCode::OK),
            ("http://localhost:3001", StatusCode::FORBIDDEN),
            ("https://localhost:3000", StatusCode::FORBIDDEN),
            ("http://localhost:3000.evil.example", StatusCode::FORBIDDEN),
            ("null", StatusCode::FORBIDDEN),
            ("", StatusCode::FORBIDDEN),
        ] {
            for method in ["GET", "POST"] {
                let headers = [host, ("origin", origin)];
                let (status, headers, _) = ask(access(&[], None), method, "/api", &headers).await;
                assert_eq!(status, expected, "{method} {origin:?}");
                let allowed = headers.get(ACCESS_CONTROL_ALLOW_ORIGIN);
                assert_eq!(allowed.is_some(), expected == StatusCode::OK, "{origin:?}");
                assert_eq!(headers[VARY], "origin");
                assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
            }
        }
        let asks = |origin| [host, ("origin", origin), ("access-control-request-method", "POST")];
        let allowed = asks("http://localhost:3000");
        let (status, headers, _) = ask(access(&[], Some(TOKEN)), "OPTIONS", "/api", &allowed).await;
        assert_eq!(status, StatusCode::NO_CONTENT, "browsers send no token with this");
        assert_eq!(headers[ACCESS_CONTROL_ALLOW_ORIGIN], "http://localhost:3000");
        assert_eq!(headers[ACCESS_CONTROL_ALLOW_METHODS], METHODS);
        let evil = asks("http://evil.example");
        let (status, headers, _) = ask(access(&[], None), "OPTIONS", "/api", &evil).await;
        assert_eq!(
            (status, headers.get(ACCESS_CONTROL_ALLOW_METHODS)),
            (StatusCode::FORBIDDEN, None)
        );
    }

    #[tokio::test]
    async fn who_has_a_token_is_asked_for_it() {
        let host = ("host", "localhost");
        for (authorization, expected) in [
            (None, StatusCode::UNAUTHORIZED),
            (Some(""), StatusCode::UNAUTHORIZED),
            (Some("Bearer"), StatusCode::UNAUTHORIZED),
            (Some("Bearer correct-horse"), StatusCode::UNAUTHORIZED),
            (Some("Bearer correct-horse-batterz"), StatusCode::UNAUTHORIZED),
            (Some("bearer-correct-horse-battery"), StatusCode::UNAUTHORIZED),
            (Some("Bearer correct-horse-battery"), StatusCode::OK),
        ] {
            let given = authorization.map(|text| ("authorization", text));
            let headers: Vec<_> = [host].into_iter().chain(given).collect();
            let (status, headers, body) =
                ask(access(&[], Some(TOKEN)), "GET", "/api", &headers).await;
            assert_eq!(status, expected, "{authorization:?}");
            assert_eq!(headers.contains_key(WWW_AUTHENTICATE), expected != StatusCode::OK);
            assert!(!body.contains("correct-horse"), "{body}");
        }
        let (status, ..) = ask(access(&[], Some(TOKEN)), "GET", "/healthz", &[]).await;
        assert_eq!(status, StatusCode::OK);
        assert!(!format!("{:?}", access(&[], Some(TOKEN))).contains("horse"));
        for text in ["", "short", "fifteen-letters", "sixteen letters and a blank"] {
            assert!(Token::new(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_origin_is_a_scheme_a_name_and_maybe_a_port() {
        for text in ["http://localhost:3000", "https://shoal.example", "http://[::1]:80"] {
            assert_eq!(check_origin(text), Ok(()), "{text}");
        }
        for text in [
            "",
            "*",
            "null",
            "localhost:3000",
            "http://localhost:3000/",
            "http://localhost/page",
            "http://a@b",
            "file:///x",
            "HTTP://LOCALHOST",
            "http://localhost?x",
        ] {
            assert!(check_origin(text).is_err(), "{text}");
        }
    }
}
